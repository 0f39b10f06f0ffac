"""The comment of a review and the files that go with it, in a directory: `comment.md`, `tsl.sarif`, pictures.

Needs a review and the rules for SARIF. It will never write anywhere else.
"""

from __future__ import annotations

import os

from tsl.project import write
from tsl.report import render
from tsl.review.against import Review
from tsl.review.comment import MERMAID, comment, file_of
from tsl.rulebook import Rulebook

COMMENT, SARIF = "comment.md", "tsl.sarif"


def put(review: Review, rulebook: Rulebook, directory: str) -> tuple[str, ...]:
    """The names of the files that were written. Raises OSError; `tsl.page.PageError` where a rule has no page."""
    files = {
        COMMENT: comment(review),
        SARIF: render("sarif", review.outcome, rulebook, color=False, statistics=False),
    }
    for one in review.models:
        files |= {file_of(one, suffix): text for suffix, text in one.pictures if suffix != MERMAID}
    os.makedirs(directory, exist_ok=True)
    for name, text in files.items():
        write(os.path.join(directory, name), text.encode("utf-8", "backslashreplace"))
    return tuple(files)
