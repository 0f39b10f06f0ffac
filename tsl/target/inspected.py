"""What `tsl inspect` tells of a file, with the first release of torch that has all its operators.

Needs the graphs of an archive, which an inspection alone does not. It will never judge: that is `tsl check`.
"""

from __future__ import annotations

from tsl.archive.archive import Archive, open_archive
from tsl.archive.inspection import inspect
from tsl.archive.inspection.facts import Inspection, Needs
from tsl.ir.facts import facts_of
from tsl.target.runtime import need_of


def inspected(path: str) -> Inspection:
    """What is known of the file at a path. Raises OSError where it cannot be read, ArchiveError where it is none."""
    found = inspect(path)
    if not found.operators:
        return found
    with open_archive(path) as archive:
        return found._replace(needs=_needs(archive, found))


def _needs(archive: Archive, found: Inspection) -> Needs | None:
    try:
        graphs = facts_of(archive)
        if graphs is None:
            return None
        need = need_of(graphs, found.versions.runtime)
    except RecursionError:
        return None
    is_whole = graphs.is_complete and not graphs.unread
    return Needs(need.version or need.oldest, need.by, not need.version, is_whole)
