"""The fix of comments that suppress nothing: the names in them that do, or the whole comment, taken out.

Needs the text of a line; a comment is no node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tsl.diagnostic import Edit
from tsl.fix.site import Draft, Maker, Site

ALL = "*"
NAMES = re.compile(r"(?P<before>#\s*(?:tsl:\s*ignore(?:-file)?\s*\[|noqa\s*:\s*))(?P<names>[^\]]*)", re.IGNORECASE)


def drop_suppression(site: Site) -> Draft | None:
    """The comment without the names that do nothing; without any left, the line without the comment."""
    span, about = site.found.span, site.found.about
    line = site.tree.line(span.line)
    comment, rest = line[span.column - 1 : span.end_column - 1], line[span.end_column - 1 :]
    found = NAMES.match(comment)
    vain = set(about.split(", "))
    names = [name for name in re.split(r"[,\s]+", found["names"].strip()) if name] if found else []
    kept = [name for name in names if name not in vain and name.upper() not in vain]
    if not about or (about != ALL and not found):
        return None
    if about != ALL and found and kept:
        start = span.column + found.start("names")
        place = span._replace(column=start, end_column=start + len(found["names"]))
        return Draft((Edit(place, ", ".join(kept)),))
    if rest.strip() and not rest.lstrip().startswith("#"):
        return None  # what follows would no longer be a comment
    before = line[: span.column - 1].rstrip()
    if before:
        return Draft((Edit(span._replace(column=len(before) + 1), ""),))
    if rest.strip():
        return Draft((Edit(span._replace(end_column=span.end_column + len(rest) - len(rest.lstrip())), ""),))
    return Draft((Edit(span._replace(column=1, end_line=span.line + 1, end_column=1), ""),))


MAKERS: Mapping[str, Maker] = {"drop-suppression": drop_suppression}
