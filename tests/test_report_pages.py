"""Rules shown to people: `tsl explain` and `tsl rules`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.specimens import EMPTY_BOOK, TENSOR_BRANCH, book_in, rule_in
from tsl.page import PageError
from tsl.report import explain, rules_table
from tsl.rulebook import load

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

OWN = TENSOR_BRANCH.replace("TSL101", "ACME101").replace("tensor_branch", "our_branch")


def test_a_rule_is_explained_by_its_page(tmp_path: Path) -> None:
    assert (
        explain(rule_in(tmp_path, TENSOR_BRANCH), color=False)
        == """\
Branch on the value of a tensor
TSL101 tensor-branch, error, since 0.1

help: use torch.where

## What happens
Tracing runs the model once
and keeps the branch that ran.

The other branch is gone.

## Example
```python
def forward(self, x):
    if x.sum() > 0:  # TSL101
        return x
    return -x
```

## Use instead
```python
def forward(self, x):
    return torch.where(x.sum() > 0, x, -x)
```
"""
    )


def test_in_colour_the_page_is_rendered(tmp_path: Path) -> None:
    coloured = explain(rule_in(tmp_path, TENSOR_BRANCH), color=True)
    words = ESCAPE.sub("", coloured)
    assert coloured != words
    assert "##" not in words
    assert "```" not in words
    for said in ("TSL101 tensor-branch, error, since 0.1", "What happens", "if x.sum() > 0:  # TSL101"):
        assert said in words


def test_a_rule_without_page_is_not_explained(tmp_path: Path) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    Path(rule.path).write_text("", encoding="utf-8")
    with pytest.raises(PageError, match="TSL101 has no page"):
        explain(rule, color=False)


def test_rules_are_listed_by_family(tmp_path: Path) -> None:
    assert (
        rules_table(book_in(tmp_path), "text", color=False)
        == """\
Tensor data decides Python
  TSL101  tensor-branch  error    Branch on the value of a tensor

Sizes become constants
  TSL112  size-loop      warning  Loop over a size
"""
    )


def test_rules_of_a_users_own_are_a_family(tmp_path: Path) -> None:
    table = rules_table(book_in(tmp_path, TENSOR_BRANCH, OWN), "text", color=False)
    assert table.startswith("ACME rules\n  ACME101  our-branch     error  Branch")


def test_colour_changes_no_character_of_the_table(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    coloured = rules_table(book, "text", color=True)
    assert ESCAPE.sub("", coloured) == rules_table(book, "text", color=False)
    assert coloured != rules_table(book, "text", color=False)


def test_rules_as_json_carry_what_is_known_of_them(tmp_path: Path) -> None:
    first, second = json.loads(rules_table(book_in(tmp_path), "json", color=False))
    assert first == {
        "code": "TSL101",
        "name": "tensor-branch",
        "severity": "error",
        "family": "Tensor data decides Python",
        "engine": "source",
        "optional": False,
        "since": "0.1",
        "title": "Branch on the value of a tensor",
        "help": "use torch.where",
        "fix": None,
    }
    assert second["code"] == "TSL112"


def test_an_empty_rulebook_is_an_empty_table() -> None:
    assert rules_table(EMPTY_BOOK, "text", color=False) == ""
    assert rules_table(EMPTY_BOOK, "json", color=False) == "[]\n"


def test_an_unknown_format_of_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="'yaml' is not a format of rules; use text or json"):
        rules_table(EMPTY_BOOK, "yaml", color=False)


def test_a_rule_with_a_fix_is_marked_and_its_page_says_what_it_does() -> None:
    book = load()
    rule = book.find("size-to-number")
    assert rule
    assert re.search(r"^  TSL113  size-to-number +error +fix  Size of", rules_table(book, "text", color=False), re.M)
    assert "\nfix: compute with the size itself (--fix, in some places with --unsafe-fixes)\n" in explain(
        rule, color=False
    )
    (form,) = [one for one in json.loads(rules_table(book, "json", color=False)) if one["code"] == "TSL113"]
    assert form["fix"] == {"name": "size-arithmetic", "title": "compute with the size itself", "safety": "depends"}
