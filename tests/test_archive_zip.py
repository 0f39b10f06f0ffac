"""A ZIP file is read as torch reads it, and whatever can show two readers two things is refused with its name."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.hostile.pack import Part, pack
from tests.hostile.seeds import MEMBER, A, B, archive, members
from tests.hostile.zips import SHAPES, SOUND
from tsl.archive import limits
from tsl.archive.archive import open_archive
from tsl.archive.zip import ArchiveError, read_zip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_shape_is_refused_with_its_name(shape: str) -> None:
    trick, data = SHAPES[shape]
    opened = open_archive("net.pt", data())
    assert trick in {found.name for found in opened.tricks}, opened.problems


@pytest.mark.parametrize("shape", SOUND)
def test_a_sound_shape_has_no_trick(shape: str) -> None:
    opened = open_archive("net.pt", SOUND[shape]())
    assert (opened.tricks, opened.problems) == ((), ())
    assert opened.read(MEMBER) == A


def by_zipfile(data: bytes) -> bytes | None:
    """The code as Python's zipfile has it; None where it refuses the file."""
    try:
        return zipfile.ZipFile(io.BytesIO(data)).read(f"net/{MEMBER}")
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError, ValueError, OSError):
        return None


BY_TORCH = """
import sys, torch
for path in sys.argv[1:]:
    try:
        code = torch.jit.load(path).code
    except Exception:
        print("-")
    else:
        print("A" if "torch.add" in code else "B")
"""


@pytest.fixture(scope="module")
def by_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    """The code that torch runs of each shape; None where it refuses the file."""
    pytest.importorskip("torch", reason="what torch reads is asked of torch")
    folder = tmp_path_factory.mktemp("shapes")
    paths = [folder / f"{number}.pt" for number, _ in enumerate(SHAPES)]
    for path, (_, data) in zip(paths, SHAPES.values(), strict=True):
        path.write_bytes(data())
    done = subprocess.run(
        [sys.executable, "-c", BY_TORCH, *map(str, paths)], capture_output=True, text=True, check=True
    )
    codes = {"A": A, "B": B, "-": None}
    return {shape: codes[line] for shape, line in zip(SHAPES, done.stdout.split(), strict=True)}


def test_what_is_shown_is_what_torch_runs(by_torch: dict[str, bytes | None]) -> None:
    wrong = []
    for shape, (_, data) in SHAPES.items():
        if by_torch[shape] is not None and open_archive("net.pt", data()).read(MEMBER) != by_torch[shape]:
            wrong.append(shape)
    assert wrong == []


def test_the_shapes_do_make_zipfile_and_torch_disagree(by_torch: dict[str, bytes | None]) -> None:
    """Five ways and more to show zipfile one code and run another; if torch mends its reader, the table may shrink."""
    differ = [shape for shape, code in by_torch.items() if code and by_zipfile(SHAPES[shape][1]()) not in (code, None)]
    assert len(differ) >= 5


def test_a_member_is_inflated_only_as_far_as_it_says() -> None:
    parts = [part._replace(central={"size": 10}) if part.deflated else part for part in members()]
    with pytest.raises(ArchiveError, match="does not inflate to the 10 bytes"):
        read_zip(pack(parts)).read(MEMBER)


def test_a_member_beyond_the_limit_is_not_read() -> None:
    more = Part("net/code/large.py", b"", central={"size": limits.MEMBER_BYTES + 1, "compressed": 0})
    with pytest.raises(ArchiveError, match="the limit is"):
        read_zip(archive(more=(more,))).read("code/large.py")


def test_a_directory_beyond_the_limit_is_not_walked() -> None:
    data = pack(members(), wide=False, end={"count": 0xFFFE, "size": limits.DIRECTORY_BYTES + 1})
    opened = open_archive("net.pt", data)
    assert [problem.name for problem in opened.problems] == ["zip"]


def test_a_file_of_many_members_is_bounded() -> None:
    parts = [Part(f"net/{number}", b"", descriptor=False) for number in range(limits.MEMBERS + 1)]
    opened = open_archive("net.pt", pack(parts))
    assert opened.members == ()
    assert "members" in opened.problems[0].message


def test_a_trick_that_is_met_all_over_a_file_is_told_a_few_times() -> None:
    opened = open_archive("net.pt", archive(more=tuple(Part(f"other/{each}", b"") for each in range(500))))
    assert [trick.name for trick in opened.tricks] == ["second-root"] * limits.TRICKS


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4", b"PK\5\6", b"PK\5\6" + bytes(18), b"PK\3\4" + bytes(100)])
def test_what_has_no_directory_is_a_problem_and_no_exception(data: bytes) -> None:
    opened = open_archive("net.pt", data)
    assert opened.members == ()
    assert opened.module.type == ""


def test_an_archive_is_opened_by_path_and_by_its_bytes_alike(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(archive())
    with open_archive(path) as opened:
        held = open_archive("net.pt", archive())
        assert opened.members == held.members
        assert opened.module == held.module
        assert opened.tricks == held.tricks == ()


def test_64_bit_sizes_are_taken_from_the_extra_field() -> None:
    import struct

    field = struct.pack("<HHQQ", 1, 16, len(A), len(A))
    full = {"size": 0xFFFFFFFF, "compressed": 0xFFFFFFFF}
    part = Part(f"net/{MEMBER}", A, central=full, extra=field)
    parts = [part if found.name == part.name else found for found in members()]
    found = read_zip(pack(parts))
    assert found.read(MEMBER) == A
    assert found.tricks == ()


@pytest.mark.parametrize(
    ("first", "told"), [("serialized_exported_program.json", set()), ("program.json", {"name-without-root"})]
)
def test_only_an_exported_program_may_have_its_members_in_no_directory(
    tmp_path: Path, first: str, told: set[str]
) -> None:
    """Up to torch 2.7, torch.export.save writes none."""
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(first, "{}")
        made.writestr("version", "8.2")
    with open_archive(str(path)) as archive:
        assert {trick.name for trick in archive.tricks} == told
