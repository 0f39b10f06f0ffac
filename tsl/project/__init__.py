"""The files of a project: which ones a run reads, under which names, and what their modules are called.

Needs a file system to look at. It lists, names and writes files and will never open a Python file to read code, import
one, or know what a finding is. Patterns are in the language of `.gitignore` everywhere.
"""

from __future__ import annotations

from tsl.project.heads import HEAD, head_of, is_archive
from tsl.project.names import module_name, reason, shown
from tsl.project.patterns import Patterns
from tsl.project.search import Found, Problem, find
from tsl.project.write import write

__all__ = [
    "HEAD",
    "Found",
    "Patterns",
    "Problem",
    "find",
    "head_of",
    "is_archive",
    "module_name",
    "reason",
    "shown",
    "write",
]
