"""docs/gallery.md is what its script writes, its pictures are there, small, and name no machine."""

from __future__ import annotations

import re

from scripts.draw_gallery import ENTRIES, LARGEST, PICTURES, page
from tests.checkout import ROOT


def test_the_page_is_that_of_the_script() -> None:
    assert (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8") == page()


def test_each_picture_is_there_and_small() -> None:
    assert sorted(path.stem for path in PICTURES.iterdir()) == sorted(entry.name for entry in ENTRIES)
    assert all(0 < path.stat().st_size <= LARGEST for path in PICTURES.iterdir())


def test_no_picture_names_the_machine_it_was_drawn_on() -> None:
    for path in PICTURES.iterdir():
        assert not re.search(r"(?<![\w.])/(?:tmp|work|root|home/(?!keras))", path.read_text(encoding="utf-8")), (
            path.name
        )
