"""The fixes of a file's findings as its text stands.

Needs libcst, loaded for the first file that has a finding with a fix. It will never try a fix or apply one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import libcst as cst

from tsl.diagnostic import Diagnostic
from tsl.fix.annotating import MAKERS as OF_TYPES
from tsl.fix.attributes import MAKERS as OF_ATTRIBUTES
from tsl.fix.capturing import MAKERS as OF_CAPTURES
from tsl.fix.comments import MAKERS as OF_COMMENTS
from tsl.fix.following import MAKERS as OF_TRACES
from tsl.fix.looping import MAKERS as OF_LOOPS
from tsl.fix.site import Maker, Site, fix_of
from tsl.fix.tree import Tree
from tsl.fix.writing import MAKERS as OF_WORDS

TABLES = (OF_CAPTURES, OF_TYPES, OF_WORDS, OF_LOOPS, OF_ATTRIBUTES, OF_TRACES, OF_COMMENTS)
MAKERS: Mapping[str, Maker] = dict(chain.from_iterable(table.items() for table in TABLES))


def proposed(path: str, text: str, found: Iterable[Diagnostic], fix_names: Mapping[str, str]) -> list[Diagnostic]:
    """The findings of a text that have a fix, with it, in the order given.

    `fix_names` says by code which fix a rule has. A text that libcst does not read has none.
    """
    fixable: Sequence[Diagnostic] = [one for one in found if fix_names.get(one.code)]
    if not fixable:
        return []
    try:
        tree = Tree(path, text)
    except (cst.ParserSyntaxError, RecursionError):
        return []
    fixes = [(one, fix_of(fix_names[one.code], MAKERS, Site(one, tree))) for one in fixable]
    return [one._replace(fix=fix) for one, fix in fixes if fix is not None]
