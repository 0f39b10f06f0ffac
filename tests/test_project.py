"""The files of a project: which are found, which are passed over, and under which names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.checkout import ready
from tests.conftest import Project
from tsl.project import Patterns, find, module_name, shown, write

# What `.gitignore` files may say, each a tree of them; git itself is asked what it makes of it.
IGNORES = {
    "a name": {".gitignore": "b\n"},
    "a directory": {".gitignore": "b/\n"},
    "a file is no directory": {".gitignore": "x.py/\nb\n"},
    "anchored": {".gitignore": "/a/b\n"},
    "anchored by a slash within": {".gitignore": "a/b/x.py\n"},
    "any depth": {".gitignore": "**/b/x.py\n"},
    "below": {".gitignore": "a/**\n"},
    "below and back": {".gitignore": "a/**\n!a/b/\n!a/b/keep.py\n"},
    "between": {".gitignore": "a/**/x.py\n"},
    "given back": {".gitignore": "*.py\n!keep.py\n"},
    "not given back from an ignored directory": {".gitignore": "a/\n!a/keep.py\n"},
    "everything but one directory": {".gitignore": "/*\n!/a\n/a/*\n!/a/b\n"},
    "nested": {".gitignore": "x.py\n", "a/.gitignore": "!x.py\n"},
    "nested and anchored": {"a/.gitignore": "/x.py\n"},
    "nested takes more": {".gitignore": "!x.py\n", "a/b/.gitignore": "*.py\n"},
    "comments and blanks": {".gitignore": "# x.py\n\n   \n\\#.py\nkeep.py   \n"},
    "classes": {".gitignore": "[xy].py\n!a/[!x].py\n"},
    "a question": {".gitignore": "?.py\n"},
    "no pattern": {".gitignore": "!\n/\nx.py\n"},
    "private": {".git/info/exclude": "/a/b\n", "a/.gitignore": "x.py\n"},
}


def tree(project: Project) -> None:
    for directory in ("", "a/", "a/b/", "a/b/c/", "b/", "b/a/"):
        for name in ("x.py", "y.py", "keep.py"):
            project.write(directory + name)


def linked(link: Path, target: str, is_directory: bool = False) -> None:
    try:
        link.symlink_to(target, target_is_directory=is_directory)
    except OSError:
        pytest.skip("this system makes no links")


def git_lists(project: Project, files: dict[str, str], start: str) -> list[str]:
    """The Python files git would add below a directory of the tree, with these ignore files in it."""
    if shutil.which("git") is None:
        pytest.skip("git says what git ignores")
    ready("git", "init", "--quiet", cwd=project.root)
    tree(project)
    for name, text in files.items():
        project.write(name, text)
    command = ("git", "-c", "core.excludesFile=", "ls-files", "--others", "--exclude-standard", start)
    return sorted(name for name in ready(*command, cwd=project.root).split() if name.endswith(".py"))


@pytest.mark.parametrize("files", IGNORES.values(), ids=IGNORES.keys())
def test_what_git_ignores_is_passed_over(project: Project, files: dict[str, str]) -> None:
    listed = git_lists(project, files, ".")
    assert list(find(["."]).files) == listed
    assert len(listed) < 18


@pytest.mark.parametrize(
    "case", ["anchored by a slash within", "between", "given back", "nested takes more", "classes"]
)
def test_what_git_ignores_is_passed_over_from_within(project: Project, case: str) -> None:
    listed = git_lists(project, IGNORES[case], "a/b")
    assert list(find(["a/b"]).files) == listed
    assert len(listed) < 6


def test_ignore_files_count_up_to_the_repositorys_root(project: Project) -> None:
    project.write(".gitignore", "x.py\n")
    project.write("repository/.git/HEAD")
    project.write("repository/.gitignore", "y.py\n")
    for name in ("x.py", "y.py", "z.py"):
        project.write(f"repository/inner/{name}")
    assert find(["repository/inner"]).files == ("repository/inner/x.py", "repository/inner/z.py")


def test_ignore_files_count_without_a_repository(project: Project) -> None:
    project.write(".gitignore", "x.py\n")
    project.write("x.py")
    project.write("y.py")
    assert find(["."]).files == ("y.py",)


def test_a_worktree_has_the_excludes_of_its_repository(project: Project) -> None:
    project.write("main/.git/info/exclude", "x.py\n")
    project.write("main/.git/worktrees/side/commondir", "../..\n")
    project.write("side/.git", f"gitdir: {project.root}/main/.git/worktrees/side\n")
    project.write("side/x.py")
    project.write("side/y.py")
    assert find(["side"]).files == ("side/y.py",)


def test_what_is_named_is_read_although_it_is_ignored(project: Project) -> None:
    project.write(".git/HEAD")
    project.write(".gitignore", "generated/\n*_pb2.py\n")
    project.write("generated/a.py")
    project.write("b_pb2.py")
    project.write(".venv/c.py")
    assert find(["."]).files == ()
    assert find(["generated", "b_pb2.py", ".venv"]).files == (".venv/c.py", "b_pb2.py", "generated/a.py")


def test_excluded_paths_are_passed_over_unless_named(project: Project) -> None:
    project.write("a/x.py")
    project.write("a/legacy/y.py")
    project.write("z_pb2.py")
    exclude = Patterns(str(project.root), ["legacy/", "*_pb2.py"])
    assert find(["."], exclude).files == ("a/x.py",)
    assert find([".", "z_pb2.py"], exclude).files == ("a/x.py", "z_pb2.py")


@pytest.mark.parametrize("name", [".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".tsl_cache"])
def test_what_is_never_a_projects_own_is_passed_over(project: Project, name: str) -> None:
    project.write(f"{name}/x.py")
    project.write("y.py")
    assert find(["."]).files == ("y.py",)


def test_a_virtual_environment_of_any_name_is_passed_over(project: Project) -> None:
    project.write("my-env/pyvenv.cfg")
    project.write("my-env/lib/x.py")
    assert find(["."]).files == ()
    assert find(["my-env"]).files == ("my-env/lib/x.py",)


def test_directories_are_searched_for_python_files_and_archives_alone(project: Project) -> None:
    for name in ("a.py", "b.pyi", "c.pt", "d.txt", "e.ipynb", "package.py/f.py"):
        project.write(name)
    assert find(["."]).files == ("a.py", "package.py/f.py")


def test_a_file_met_twice_is_listed_once(project: Project) -> None:
    project.write("a/x.py")
    assert find(["a", ".", "a/x.py", "./a/../a/x.py", str(project.root / "a")]).files == ("a/x.py",)


def test_files_come_in_the_order_of_their_names(project: Project) -> None:
    for name in ("b.py", "a.py", "c/a.py", "a/z.py"):
        project.write(name)
    assert find(["c", "b.py", "."]).files == ("a.py", "a/z.py", "b.py", "c/a.py")


def test_a_loop_of_links_is_walked_once_and_noted(project: Project) -> None:
    project.write("a/b/x.py")
    linked(project.root / "a" / "b" / "up", "..", is_directory=True)
    found = find(["."])
    assert found.files == ("a/b/x.py",)
    assert found.notes == ("a/b/up: a link back to a directory it lies in; not followed",)


def test_a_link_out_of_the_named_directory_and_back_is_a_loop_too(project: Project) -> None:
    project.write("outside.py")
    project.write("a/x.py")
    linked(project.root / "a" / "up", "..", is_directory=True)
    found = find(["a"])
    assert found.files == ("a/x.py",)
    assert len(found.notes) == 1


def test_two_directories_that_link_to_each_other_end(project: Project) -> None:
    project.write("a/x.py")
    project.write("b/y.py")
    linked(project.root / "a" / "to_b", "../b", is_directory=True)
    linked(project.root / "b" / "to_a", "../a", is_directory=True)
    assert find(["."]).files == ("a/x.py", "b/y.py")
    found = find(["a"])
    assert found.files == ("a/to_b/y.py", "a/x.py")
    assert found.notes == ("a/to_b/to_a: a link back to a directory it lies in; not followed",)


def test_a_link_is_followed_but_a_files_own_name_comes_first(project: Project) -> None:
    project.write("real/x.py")
    linked(project.root / "alias", "real", is_directory=True)
    linked(project.root / "alias.py", "real/x.py")
    assert find(["."]).files == ("real/x.py",)
    assert find(["alias"]).files == ("alias/x.py",)


def test_a_missing_path_is_a_problem_and_the_others_are_found(project: Project) -> None:
    project.write("a.py")
    found = find(["absent.py", "a.py", "absent"])
    assert found.files == ("a.py",)
    assert found.problems == (
        ("absent", "no such file or directory"),
        ("absent.py", "no such file or directory"),
    )


HEADS = (b"PK\x03\x04...", b"\x80\x02\x8a\n", b"\0\0\0\0PTMF", b"version https://git-lfs.github.com/spec/v1")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("ending", [".pt", ".pth", ".jit", ".ts", ".ptl", ".pt2", ".PT"])
def test_directories_are_searched_for_what_begins_as_an_archive(project: Project, ending: str, head: bytes) -> None:
    project.write(f"model{ending}", head)
    assert find(["."]).files == (f"model{ending}",)


@pytest.mark.parametrize("text", ["", "export const x = 1;\n", "<html tal:content='x'/>", "import site\n"])
@pytest.mark.parametrize("ending", [".pt", ".pth", ".ts"])
def test_other_files_with_an_archives_ending_are_passed_over(project: Project, ending: str, text: str) -> None:
    project.write(f"file{ending}", text)
    assert find(["."]) == ((), (), ())


def test_an_archive_is_passed_over_like_any_file(project: Project) -> None:
    for name in ("a.pt", "build/b.pt", ".venv/c.pt"):
        project.write(name, HEADS[0])
    project.write(".gitignore", "build/\n")
    assert find(["."]).files == ("a.pt",)
    assert find(["."], Patterns(str(project.root), ["*.pt"])).files == ()


def test_a_link_to_an_archive_that_is_not_there_is_passed_over(project: Project) -> None:
    """As git-annex and DVC leave them for files that were not fetched."""
    linked(project.root / "model.pt", "nowhere.pt")
    assert find(["."]) == ((), (), ())


@pytest.mark.parametrize("name", ["model.pt", "model.jit", "model.ptl", "model.pt2"])
def test_an_archive_that_is_named_is_read_whatever_it_begins_with(project: Project, name: str) -> None:
    project.write(name, "no archive")
    assert find([name]).files == (name,)


@pytest.mark.parametrize("name", ["app.ts", "distutils.pth"])
def test_a_text_with_an_ending_of_others_is_no_archive(project: Project, name: str) -> None:
    project.write(name, "export const x = 1;\n")
    ((_, message),) = find([name]).problems
    assert message.endswith("does not begin as an archive does; name .py files, archives or directories")


def test_what_begins_as_an_archive_is_one_under_any_name(project: Project) -> None:
    project.write("weights.bin", HEADS[0])
    project.write("weights", HEADS[1])
    assert find(["weights.bin", "weights"]).files == ("weights", "weights.bin")
    assert find(["."]).files == ()


@pytest.mark.parametrize("name", ["notes.txt", "stub.pyi", "book.ipynb", "Makefile"])
def test_another_kind_of_file_is_told_to_be_none(project: Project, name: str) -> None:
    project.write(name, "x = 1\n")
    ((_, message),) = find([name]).problems
    assert message.endswith("is not a kind of file tsl reads; name .py files, archives or directories")


def test_a_python_script_without_an_ending_is_read_where_it_is_named(project: Project) -> None:
    project.write("bin/train", "#!/usr/bin/env python3\n")
    assert find(["bin/train"]).files == ("bin/train",)
    assert find(["bin"]).files == ()


def test_a_device_is_no_file(project: Project) -> None:
    ((_, message),) = find([os.devnull]).problems
    assert message.startswith("not a regular file")


def test_a_path_that_no_file_can_have_is_a_problem(project: Project) -> None:
    assert len(find(["a\0b.py"]).problems) == 1


def test_paths_are_shown_from_the_working_directory(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("a/x.py")
    project.write("b/y.py")
    monkeypatch.chdir(project.root / "b")
    assert find([str(project.root / "b"), "../a"]).files == ("../a/x.py", "y.py")
    assert shown(str(project.root / "b" / "y.py")) == "y.py"


@pytest.mark.parametrize(
    ("path", "sources", "name"),
    [
        ("pkg/sub/net.py", (), "pkg.sub.net"),
        ("pkg/__init__.py", (), "pkg"),
        ("loose/net.py", (), "net"),
        ("src/lib/net.py", ("src",), "lib.net"),
        ("src/lib/net.py", (".", "src"), "lib.net"),
        ("loose/net.py", (".",), "loose.net"),
    ],
)
def test_a_module_is_named_from_where_its_package_begins(
    project: Project, path: str, sources: tuple[str, ...], name: str
) -> None:
    for file in ("pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/net.py", "loose/net.py", "src/lib/net.py"):
        project.write(file)
    assert module_name(path, sources) == name


def test_a_file_is_written_whole(project: Project) -> None:
    path = project.write("report.json", "old")
    write(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(project.root) == ["report.json"]


def test_writing_where_nothing_can_be_written_leaves_nothing(project: Project) -> None:
    project.write("place/in_the_way")
    with pytest.raises(OSError, match="directory"):
        write("place", b"new")
    assert sorted(os.listdir(project.root)) == ["place"]


def test_writing_through_a_link_keeps_the_link(project: Project) -> None:
    project.write("real.json", "old")
    linked(project.root / "link.json", "real.json")
    write("link.json", b"new")
    assert (project.root / "real.json").read_bytes() == b"new"
    assert (project.root / "link.json").is_symlink()
