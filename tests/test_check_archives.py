"""`tsl check` on archives: what is said, where it stands, and what the driver does with it. Needs no torch.

The archives are written by hand (tests/hostile); that the rules speak the truth is tests/test_archive_pages.py.
"""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from tests.conftest import BRANCH, Done, Project
from tests.hostile import seeds, zips
from tests.hostile.pack import Part
from tests.hostile.programs import name, program, true, tuple_of
from tests.hostile.seeds import DATA, MEMBER, archive

CODE = """\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    n = int(torch.sum(x))
    m = int(torch.max(x))
    k = int(torch.min(x))
    return torch.add(torch.add(self.weight, n), torch.add(k, m))
"""
NAMED_CLASS: Any = {"weight": seeds.tensor(), "class": true()}
SOURCE = "def forward(self, x):\n    n = int(x.sum())\n    return x + n + int(x.max()) + int(x.min())\n"


def debug(code: str, **places: int) -> bytes:
    """A debug record: each text of the code comes from a line of a user's file, by the line's number from 0."""
    lines = SOURCE.splitlines(keepends=True)
    starts = [sum(map(len, lines[:line])) for line in range(len(lines))]
    strings = (*lines, "/src/net.py")
    source = (tuple(range(len(lines))), len(lines), 10)
    nothing = (((), 0, 0), 0, 0)
    found: list[tuple[object, ...]] = [(0, nothing, 0)]
    for text in ("n", "m", "k"):
        start = starts[places.get(text, 0)] + 4
        place = (source, start, start + 5) if text in places else nothing
        found.append((code.index(f"{text} = ") + len(text) + 3, place, 0))
    return pickle.dumps(("FORMAT_WITH_STRING_TABLE", strings, tuple(sorted(found))), protocol=2)


def waiting(**places: int) -> bytes:
    """An archive that reads numbers out of tensors, with the places they come from."""
    record = Part(f"net/{MEMBER}.debug_pkl", debug(CODE, **places))
    return archive(CODE.encode(), more=(record,))


def said(done: Done) -> list[tuple[str, str]]:
    return [(found["path"], found["code"]) for found in done.findings]


def test_a_sound_archive_is_silent(project: Project) -> None:
    project.write("net.pt", archive())
    done = project.check("net.pt")
    assert (done.code, done.findings, done.err) == (0, [], "")


def test_a_directory_is_searched_for_code_and_archives(project: Project) -> None:
    project.write("net.py", BRANCH)
    project.write("models/net.pt", archive(data=program(name("os", "system") + tuple_of() + b"R")))
    project.write("models/app.ts", "export const x = 1;\n")
    assert {"models/net.pt", "net.py"} == {path for path, _ in said(project.check("."))}


def test_a_finding_stands_on_the_file_and_labels_the_recorded_place(project: Project) -> None:
    project.write("net.pt", waiting(n=1, m=2))
    found = project.check("net.pt", "--select", "TSL401").findings
    places = [[(label["path"], label["line"]) for label in one["labels"]] for one in found]
    assert places == [[("/src/net.py", 11)], [("/src/net.py", 12)], [("net.pt/code/__torch__.py", 10)]]
    assert {(one["line"], one["column"], *one["evidence"]) for one in found} == {(1, 1, "ir")}


def test_a_rule_has_one_finding_for_each_recorded_place(project: Project) -> None:
    project.write("net.pt", waiting(n=2, m=2, k=2))
    (found,) = project.check("net.pt", "--select", "TSL401").findings
    assert [label["line"] for label in found["labels"]] == [12]


def test_findings_of_one_archive_have_identities_of_their_own(project: Project) -> None:
    project.write("net.pt", waiting(n=0, m=1, k=2))
    first = [found["fingerprint"] for found in project.check("net.pt").findings]
    assert len(set(first)) == len(first) == 3
    project.write("net.pt", waiting(n=0, m=1, k=2).replace(b"/src/net.py", b"/tmp/net.py"))
    again = project.check("net.pt", "--select", "TSL401").findings
    assert [found["fingerprint"] for found in again] == first


def test_a_recorded_place_below_the_working_directory_is_shown_from_there(project: Project) -> None:
    here = str(project.root / "net.py").encode()
    record = debug(CODE, n=1).replace(b"X\x0b\x00\x00\x00/src/net.py", b"X" + len(here).to_bytes(4, "little") + here)
    project.write("net.pt", archive(CODE.encode(), more=(Part(f"net/{MEMBER}.debug_pkl", record),)))
    labels = [label for found in project.check("net.pt", "--select", "TSL401").findings for label in found["labels"]]
    assert [label["path"] for label in labels] == ["net.pt/code/__torch__.py"] * 2 + ["net.py"]


def test_the_text_names_the_recorded_place_and_shows_no_bytes(project: Project) -> None:
    project.write("net.pt", waiting(n=1, m=1, k=1))
    out = project.tsl("check", "--no-cache", "net.pt").out
    assert out.startswith("info[TSL401] host-sync: ")
    assert "--> net.pt:1:1\n ::: /src/net.py:11:5 recorded here, in Net.forward\n" in out
    assert "PK" not in out


def test_every_format_tells_of_an_archive(project: Project) -> None:
    project.write("net.pt", waiting(n=1, m=1, k=1))
    for form in ("text", "concise", "json", "sarif", "github"):
        assert "net.pt" in project.tsl("check", "--no-cache", "--format", form, "net.pt").out
    log = json.loads(project.tsl("check", "--no-cache", "--format", "sarif", "net.pt").out)
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "net.pt"
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///src/net.py"


def test_selection_severity_and_ignores_hold_for_archives(project: Project) -> None:
    project.write("net.pt", waiting())
    project.write("tsl.toml", 'ignore = ["host-sync"]\n')
    assert project.check("net.pt").codes == []
    project.write("tsl.toml", 'per-file-ignores = { "*.pt" = ["TSL4"] }\n')
    assert project.check("net.pt").codes == []
    project.write("tsl.toml", 'severity = { host-sync = "error" }\n')
    assert {found["severity"] for found in project.check("net.pt").findings} == {"error"}


def test_an_archive_is_read_from_standard_input(project: Project) -> None:
    done = project.check("-", "--stdin-filename", "net.pt", stdin=waiting())
    assert set(said(done)) == {("net.pt", "TSL401")}
    assert set(said(project.check("-", stdin=waiting()))) == {("<stdin>", "TSL401")}


def test_archives_are_judged_the_same_by_workers(project: Project) -> None:
    for number in range(52):
        project.write(f"{number}.pt", waiting(n=1, m=1, k=1))
    assert project.check(".", "--jobs", "2").out == project.check(".").out


def test_an_archive_is_in_no_cache(project: Project) -> None:
    project.write("net.pt", waiting())
    project.tsl("check", "net.pt")
    assert not list(project.root.glob(".tsl_cache/*.entry"))


def test_what_says_that_a_file_was_not_read_is_told_whatever_is_selected(project: Project) -> None:
    project.write("cut.pt", archive()[:300])
    assert said(project.check("cut.pt", "--select", "TSL1")) == [("cut.pt", "TSL712")]


@pytest.mark.parametrize(
    ("file", "data", "codes"),
    [
        ("cut.pt", archive()[:300], {"TSL712"}),
        ("empty.pt", b"", {"TSL712"}),
        ("net.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", {"TSL701"}),
        ("net.pt", b"<!DOCTYPE html><html>404</html>", {"TSL701"}),
        ("net.ptl", archive(), {"TSL701"}),
        ("net.jit", archive(), set()),
        ("net.ts", archive(), set()),
        ("net_traced.pt", archive(), set()),
        ("net.pt", archive(code=b"class Net(Module):\n  def ("), {"TSL712"}),
        ("net.pt", archive(data=DATA[:40]), {"TSL712"}),
        ("net.pt", archive(constants=program(b")", protocol=4)), {"TSL704"}),
        ("net.pt", archive(constants=program(name("os", "system") + tuple_of() + b"R")), {"TSL703"}),
        ("net.pt", archive() + b"more", {"TSL710"}),
        ("net.pt", archive(data=program(seeds.instance(**NAMED_CLASS))), {"TSL711"}),
    ],
)
def test_each_fault_of_a_file_has_its_rule(project: Project, file: str, data: bytes, codes: set[str]) -> None:
    project.write(file, data)
    done = project.check(file)
    assert (set(done.codes), done.err) == (codes, "")
    assert done.code == bool(codes)


@pytest.mark.parametrize("shape", zips.SHAPES)
def test_every_hostile_container_is_an_error(project: Project, shape: str) -> None:
    project.write("net.pt", zips.SHAPES[shape][1]())
    done = project.check("net.pt")
    assert (done.code, done.err) == (1, "")
    assert {"TSL710", "TSL712"} & set(done.codes)


@pytest.mark.parametrize("shape", zips.SOUND)
def test_every_sound_container_is_silent(project: Project, shape: str) -> None:
    project.write("net.pt", zips.SOUND[shape]())
    assert project.check("net.pt").codes == []


def test_a_file_that_may_not_be_read_is_a_failure(project: Project) -> None:
    path = project.write("net.pt", archive())
    path.chmod(0)
    try:
        path.read_bytes()
    except OSError:
        done = project.check("net.pt")
        assert (done.code, done.err) == (2, "tsl: net.pt: cannot read the file: permission denied\n")
    else:
        pytest.skip("this user may read anything")


def test_an_archive_holds_no_root(project: Project) -> None:
    project.write("net.pt", archive())
    assert project.check("net.pt", "--root", "Net").code == 2
