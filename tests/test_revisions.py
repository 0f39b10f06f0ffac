"""Files and trees of a revision of git, and models of both: `tsl diff REV:PATH`, `tsl review --base REV`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.checkout import committed
from tests.conftest import BRANCH, CLEAN, Project
from tests.test_diff_command import NET, saved
from tsl.project.revision import RevisionError, has_file, split, take_file, take_tree
from tsl.review.comment import LIMIT, MARKER

MAKES = """\
import torch
from parts.act import act


class Net(torch.nn.Module):
    def forward(self, x):
        return act(x)


def build():
    return Net().eval(), (torch.ones(2),)
"""
ACT = "import torch\n\n\ndef act(x: torch.Tensor):\n    return torch.relu(x)\n"
BRANCHES = """\
import torch


def act(x: torch.Tensor):
    if x.sum() > 0:
        return torch.tanh(x)
    return x
"""


@pytest.fixture
def repository(project: Project) -> Project:
    """A project whose first commit has a model, a module and a configuration, and whose working tree has others."""
    project.write("model.pt", saved())
    project.write("net.py", CLEAN)
    project.write("sub/own.py", CLEAN)
    committed(project.root)
    project.write("model.pt", saved(NET.replace("softmax(y, 1)", "softmax(y, 0)")))
    project.write("net.py", BRANCH)
    return project


def test_a_word_names_a_file_before_it_names_a_revision(project: Project) -> None:
    assert split("main:net.pt") == ("main", "net.pt")
    assert split("net.pt") == ("", "net.pt")
    project.write("main:net.pt", b"")
    assert split("main:net.pt") == ("", "main:net.pt")


def test_a_file_is_what_it_was(repository: Project) -> None:
    take_file("main", "net.py", "was.py")
    assert (repository.root / "was.py").read_text() == CLEAN
    assert has_file("main", "net.py")
    assert not has_file("main", "was.py")


def test_a_tree_is_written_beside_the_repository_and_leaves_it_as_it_is(
    repository: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (repository.root / ".git" / "index").read_bytes()
    monkeypatch.chdir("sub")
    place = take_tree("main", str(tmp_path_factory.mktemp("tree")))
    assert (Path(place) / "own.py").read_text() == CLEAN
    assert (Path(place).parent / "net.py").read_text() == CLEAN
    assert (repository.root / ".git" / "index").read_bytes() == before
    assert (repository.root / "net.py").read_text() == BRANCH


@pytest.mark.parametrize(
    ("revision", "path", "message"),
    [
        ("gone", "net.py", "there is no such revision"),
        ("--output=x", "net.py", "there is no such revision"),
        ("main", "gone.py", "there is no gone.py in main"),
        ("main", "../up.py", "lies outside of the repository"),
    ],
)
def test_what_git_does_not_have_is_said(repository: Project, revision: str, path: str, message: str) -> None:
    with pytest.raises(RevisionError, match=message):
        take_file(revision, path, "out")
    assert not (repository.root / "x").exists()


def test_a_pointer_of_lfs_is_said(project: Project) -> None:
    project.write("model.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    committed(project.root)
    done = project.tsl("diff", "main:model.pt", "model.pt", "--isolated")
    assert (done.code, done.out) == (2, "")
    assert done.err == "tsl: main:model.pt: is a pointer of Git LFS; install git-lfs, and git lfs pull\n"


def test_an_archive_is_compared_with_what_it_was(repository: Project) -> None:
    done = repository.tsl("diff", "main:model.pt", "model.pt", "--isolated")
    assert "main:model.pt -> model.pt" in done.out
    assert "  ~ softmax\n      dim: 1 -> 0\n" in done.out


def test_python_is_compared_with_what_it_was_in_its_own_tree(project: Project) -> None:
    pytest.importorskip("torch")
    project.write("net.py", MAKES)
    project.write("parts/act.py", ACT)
    committed(project.root)
    project.write("parts/act.py", BRANCHES)
    arguments = ("diff", "main:net.py", "net.py", "--entry", "build", "--isolated", "--format", "json")
    done = project.tsl(*arguments)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    (change,) = found["changes"]
    assert (change["title"], change["place"]) == ("tanh", "parts/act.py:6")
    assert [(one["code"], one["path"], one["line"]) for one in found["findings"]["new"]] == [
        ("TSL101", "parts/act.py", 5)
    ]
    assert found["findings"]["fixed"] == []
    assert str(project.root) not in done.out
    assert project.tsl(*arguments).out == done.out


def test_python_that_torch_refuses_is_said(project: Project) -> None:
    pytest.importorskip("torch")
    project.write("net.py", MAKES.replace("return act(x)", "return act(x).tolist()"))
    project.write("parts/act.py", ACT)
    done = project.tsl("diff", "net.py", "net.py", "--entry", "build", "--isolated")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("tsl: net.py: torch.jit.trace refuses it: ")


def review(project: Project, *arguments: str) -> str:
    done = project.tsl("review", "--base", "main", "--isolated", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def test_a_review_tells_new_findings_once_and_models_in_turn(repository: Project) -> None:
    text = review(repository, "--models", "model.pt")
    assert text.startswith(f"{MARKER}\n## tsl: 1 new finding and 1 of 1 model changed\n")
    assert text.count("TSL101") == 1
    assert "| `net.py:6` |" in text
    assert "| operator `softmax` |" in text
    assert "`dim: 1 -> 0`" in text


def test_a_review_of_what_is_the_same_says_so(project: Project) -> None:
    project.write("model.pt", saved())
    project.write("net.py", BRANCH)
    committed(project.root)
    text = review(project, "--models", "model.pt")
    assert "## tsl: no new finding and 0 of 1 model changed\n" in text
    assert "<sub>1 finding as before</sub>" in text
    assert text.endswith("### `model.pt`\n\nthe same model\n")


def test_the_configuration_means_the_same_files_in_the_base(repository: Project) -> None:
    repository.write("tsl.toml", '[per-file-ignores]\n"sub/*" = ["TSL1"]\n')
    repository.write("sub/own.py", BRANCH)
    subprocess.run(["git", "add", "--all"], cwd=repository.root, check=True)
    author = ["-c", "user.name=tsl", "-c", "user.email=tsl@example.invalid"]
    subprocess.run(["git", *author, "commit", "-qm", "two"], cwd=repository.root, check=True)
    done = repository.tsl("review", "--base", "main")
    assert (done.code, done.err) == (0, "")
    assert "no new finding" in done.out
    assert "fixed" not in done.out


def test_the_files_of_a_review_are_written_to_a_directory(repository: Project) -> None:
    out = review(repository, "--models", "model.pt", "-o", "out")
    assert out.splitlines() == [os.path.join("out", name) for name in ("comment.md", "tsl.sarif", *_pictures(out))]
    log = json.loads((repository.root / "out" / "tsl.sarif").read_text())
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["TSL101"]
    assert (repository.root / "out" / "comment.md").read_text().startswith(MARKER)


def _pictures(out: str) -> list[str]:
    names = [os.path.basename(line) for line in out.splitlines()]
    return [name for name in names if name.startswith("model.pt.")]


def test_a_new_model_is_said_to_be_new(repository: Project) -> None:
    repository.write("other.pt", saved())
    assert "### `other.pt`\n\nnew: there is none in main\n" in review(repository, "--models", "other.pt")


@pytest.mark.parametrize(("gates", "code"), [("added-findings", 1), ("changed-operators", 1), ("weights,moved", 0)])
def test_a_review_fails_on_what_was_asked(repository: Project, gates: str, code: int) -> None:
    done = repository.tsl("review", "--base", "main", "--isolated", "--models", "model.pt", "--fail-on", gates)
    assert done.code == code


def test_a_comment_is_never_longer_than_a_service_takes(repository: Project) -> None:
    body = "        if x.sum() > 0:\n            x = -x\n"
    many = "".join(
        f"class N{n}(torch.nn.Module):\n    def forward(self, x):\n{body * 9}        return x\n\n\n" for n in range(90)
    )
    repository.write("many.py", f"import torch\n\n\n{many}")
    text = review(repository)
    assert len(text) <= LIMIT
    assert "more findings; `tsl diff` lists them all" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "review: needs --base REV, the revision to compare with; see tsl review --help"),
        (("--base", "gone"), "gone: there is no such revision; fetch it (in CI with its history: fetch-depth: 0)"),
        (("--base", "main", "--models", "net.py"), "--models: 'net.py' is Python; write net.py:NAME"),
        (("--base", "main", "--models", "gone.pt"), "gone.pt: there is no gone.pt"),
        (("--base", "main", "-o", "net.py"), "net.py: cannot hold the review: "),
    ],
)
def test_what_cannot_be_reviewed_is_one_line(repository: Project, arguments: tuple[str, ...], line: str) -> None:
    done = repository.tsl("review", "--isolated", *arguments)
    assert done.code == 2
    assert done.err.startswith(f"tsl: {line}")
    assert done.err.count("\n") == 1
