"""Analysis across files: what imports mean, where findings stand, and what the cache rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Project
from tsl.source import analyse
from tsl.source.facts import Fact, Use
from tsl.source.modules import Modules

HELPER = """\
import math


def grid(n, cell):
    return cell * math.ceil(n / cell)


def gate(y):
    if y.mean() > 0.5:
        return y
    return -y
"""
NET = """\
import torch
from torch import nn

from .helpers import gate, grid


class Net(nn.Module):
    def forward(self, x):
        return gate(x).reshape(grid(x.size(0), 4), -1)
"""
EXPECTED = [("pkg/helpers.py", 5, "TSL113"), ("pkg/helpers.py", 9, "TSL101")]


@pytest.fixture
def package(project: Project) -> Project:
    project.write("pkg/__init__.py", "")
    project.write("pkg/helpers.py", HELPER)
    project.write("pkg/net.py", NET)
    return project


def defined(root: Path, path: str, asker: str = "pkg/user.py") -> str:
    """`module:name` of what a dotted path means to a file, empty where it means nothing."""
    (root / asker).parent.mkdir(parents=True, exist_ok=True)
    (root / asker).write_text("x = 1\n", encoding="utf-8")
    modules = Modules()
    module = modules.module_of(modules.parse(str(root / asker), b"x = 1\n"))
    found = modules.find(path, module)
    return f"{found.module.name}:{'.'.join([found.name, *found.rest])}" if found else ""


# What a path means


def test_a_name_is_followed_through_re_exports_and_star_imports(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .layers import *\nfrom .layers.drop import DropPath as Drop\n",
        "pkg/layers/__init__.py": "from .drop import DropPath\nfrom ..ops import gelu\n",
        "pkg/layers/drop.py": "class DropPath: pass\n",
        "pkg/ops.py": "def gelu(x): return x\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert defined(tmp_path, "pkg.Drop") == "pkg.layers.drop:DropPath"
    assert defined(tmp_path, "pkg.DropPath") == "pkg.layers.drop:DropPath"
    assert defined(tmp_path, "pkg.layers.gelu") == "pkg.ops:gelu"
    assert defined(tmp_path, "pkg.layers.drop.DropPath.forward") == "pkg.layers.drop:DropPath.forward"


def test_modules_that_import_from_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "pkg/a.py").write_text("from .b import thing\n", encoding="utf-8")
    (tmp_path / "pkg/b.py").write_text("from .a import thing\n", encoding="utf-8")
    assert defined(tmp_path, "pkg.a.thing") == ""


def test_a_module_that_does_not_parse_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert defined(tmp_path, "broken.f", asker="user.py") == ""


# Findings


def test_a_finding_stands_in_the_file_that_loses_the_value(package: Project) -> None:
    assert package.check("--isolated").places == EXPECTED


def test_a_helper_alone_says_nothing_of_arguments_nobody_gives_it(package: Project) -> None:
    assert package.check("--isolated", "pkg/helpers.py").places == []


def test_a_file_that_is_not_checked_is_read_but_not_reported(package: Project) -> None:
    assert package.check("--isolated", "pkg/net.py").places == []


def test_the_order_of_the_files_does_not_matter(package: Project) -> None:
    package.write("pkg/other.py", NET.replace("Net", "Other"))
    forth = package.check("--isolated", "pkg/helpers.py", "pkg/net.py", "pkg/other.py").out
    back = package.check("--isolated", "pkg/other.py", "pkg/net.py", "pkg/helpers.py").out
    assert forth == back


def test_a_comment_where_the_finding_stands_suppresses_it(package: Project) -> None:
    package.write("pkg/helpers.py", HELPER.replace("> 0.5:", "> 0.5:  # tsl: ignore[tensor-branch] on purpose"))
    assert package.check("--isolated").places == EXPECTED[:1]


def test_a_class_inherits_from_one_in_another_file(project: Project) -> None:
    project.write(
        "base.py", "from torch import nn\n\n\nclass Base(nn.Module):\n    def pick(self, x):\n        return x.max()\n"
    )
    body = "        return x if self.pick(x) > 0 else -x\n"
    project.write("net.py", f"from base import Base\n\n\nclass Net(Base):\n    def forward(self, x):\n{body}")
    assert project.check("--isolated").places == [("net.py", 6, "TSL104")]


# The cache


def cached(project: Project) -> list[tuple[str, int, str]]:
    return project.tsl("check", "--format", "json", ".").places


def test_a_change_in_a_file_it_rests_on_is_a_new_question(package: Project) -> None:
    assert cached(package) == EXPECTED
    assert cached(package) == EXPECTED
    package.write("pkg/helpers.py", HELPER.replace("y.mean() > 0.5", "y.dim() > 3"))
    assert ("pkg/helpers.py", 9, "TSL101") not in cached(package)


def test_a_file_that_appears_where_one_was_looked_for_is_a_new_question(project: Project) -> None:
    project.write("net.py", NET.replace("from .helpers", "from helpers"))
    assert cached(project) == []
    project.write("helpers.py", HELPER)
    assert [place[2] for place in cached(project)] == ["TSL113", "TSL101"]


# What files share must not show


def facts_of(path: Path, modules: Modules) -> list[tuple[object, ...]]:
    """Everything the engine tells rules of a file, labels included."""
    found = analyse(modules.parse(str(path), path.read_bytes()), (), modules)
    return [
        (function.file.path, function.qualname, fact.node.lineno, fact.how, *_story(fact))
        for function in found.functions
        for fact in function.facts
    ]


def _story(fact: Fact) -> tuple[object, ...]:
    if not isinstance(fact, Use):
        return ()
    return (fact.certain, fact.effect, *((note.file.path, note.node.lineno, note.text) for note in fact.labels))


def test_a_file_is_told_the_same_whatever_was_read_before_it(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/helpers.py": HELPER,
        "pkg/first.py": NET.replace("Net", "First"),
        "pkg/second.py": "# two\n# lines more\n" + NET.replace("Net", "Second").replace("x", "image"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shared = Modules()
    facts_of(tmp_path / "pkg/first.py", shared)
    assert facts_of(tmp_path / "pkg/second.py", shared) == facts_of(tmp_path / "pkg/second.py", Modules())


def test_a_label_stays_in_the_function_that_loses_the_value(package: Project) -> None:
    (found,) = (one for one in package.check("--isolated").findings if one["code"] == "TSL101")
    assert [(label["path"], label["text"]) for label in found["labels"]] == [
        ("pkg/helpers.py", "`y` is a tensor: a parameter of `gate`")
    ]


def chain(depth: int) -> str:
    """Helpers that call each other so deep; the last of them branches on a tensor."""
    helpers = "".join(f"def h{n}(x):\n    return h{n + 1}(x)\n\n\n" for n in range(depth))
    return f"{helpers}def h{depth}(x):\n    return -x if x.sum() > 0 else x\n"


def test_how_deep_calls_are_followed_does_not_depend_on_who_came_first(tmp_path: Path) -> None:
    net = """\
from torch import Tensor

from .chain import {helper}


def run(x: Tensor):
    return {helper}(x)
"""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "pkg/chain.py").write_text(chain(9), encoding="utf-8")
    # One calls the last helpers, which it can follow, the other one the first, which lead there too deep.
    for name, helper in (("shallow", "h5"), ("deep", "h0")):
        (tmp_path / f"pkg/{name}.py").write_text(net.format(helper=helper), encoding="utf-8")
    shared = Modules()
    assert facts_of(tmp_path / "pkg/shallow.py", shared)
    path = tmp_path / "pkg/deep.py"
    assert facts_of(path, shared) == facts_of(path, Modules())
