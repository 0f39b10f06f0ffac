"""The code of an archive, read file by file, and where it comes from."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tsl.archive.code import FILE_BYTES, Class, Code, Method
from tsl.archive.debug import Debug

NET = b"""\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = ["mean", ]
  __annotations__ = []
  __annotations__["0"] = __torch__.torch.nn.Linear
  weight : Tensor
  mean : Tensor
  training : bool
  size : Final[int] = 3
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    return torch.add(x, ops.custom.scale(x, "torch.relu(x)"))
class Point(NamedTuple):
  x : Tensor
  n : int
class Colour(Enum):
  RED = "red"
def helper(x: Tensor) -> Tensor:
  return torch.relu(torch.add(x, 1))
"""


class Files(Mapping[str, bytes]):
    """Files that remember which of them were read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.read = files, list[str]()

    def __getitem__(self, name: str) -> bytes:
        data = self.files[name]
        self.read.append(name)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


def code_of(text: bytes, name: str = "net") -> Code:
    return Code({f"code/__torch__/{name}.py": text})


def test_a_class_says_its_kind_attributes_constants_and_methods():
    net = code_of(NET).find("__torch__.net.Net")
    assert isinstance(net, Class)
    assert (net.kind, net.parameters, net.buffers, list(net.methods)) == ("Module", ("weight",), ("mean",), ["forward"])
    types = {name: (given.type, given.constant is not None) for name, given in net.attributes.items()}
    assert types == {
        "0": ("__torch__.torch.nn.Linear", False),
        "weight": ("Tensor", False),
        "mean": ("Tensor", False),
        "training": ("bool", False),
        "size": ("Final[int]", True),
    }


def test_functions_tuples_and_enums_are_told_apart():
    code = code_of(NET)
    assert {name: found.kind for name, found in code.classes.items()} == {
        "__torch__.net.Net": "Module",
        "__torch__.net.Point": "NamedTuple",
        "__torch__.net.Colour": "Enum",
    }
    assert list(code.functions) == ["__torch__.net.helper"]
    assert isinstance(code.find("__torch__.net.helper"), Method)
    assert code.find("__torch__.net.missing") is code.find("__torch__.gone.Net") is code.find("Net") is None


def test_operators_are_counted_and_those_in_strings_are_not():
    assert code_of(NET).operators == {"aten::add": 2, "aten::relu": 1, "custom::scale": 1}


def test_a_file_is_read_when_something_in_it_is_asked_for():
    files = Files({"code/__torch__.py": b"def f(x: Tensor) -> Tensor:\n  return x\n", "code/__torch__/net.py": NET})
    code = Code(files)
    assert files.read == []
    code.find("__torch__.net.Net")
    code.find("__torch__.net.Point")
    assert files.read == ["code/__torch__/net.py"]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (b"class Net(Module):\n  def f(self):\n    return self.class\n", "syntax", "is no Python: invalid syntax"),
        (b"x" * (FILE_BYTES + 1), "too-large", "bytes of code, more than 4 MiB"),
        (b"a = " + b"(" * 5_000 + b")" * 5_000, "", ""),
        (b"a = " + b"-" * 200_000 + b"1", "too-deep", "nests expressions too deeply"),
        (b"a = 1\0", "", ""),
        (b"a = '\xff\xfe'\n", "syntax", ""),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_exception(text: bytes, name: str, message: str):
    code = code_of(text)
    assert code.find("__torch__.net.Net") is None
    assert code.classes == {}
    (problem,) = code.problems
    assert problem.name == name or not name
    assert message in problem.message
    assert problem.member == "code/__torch__/net.py"


def test_all_files_together_have_a_limit_too():
    code = Code({f"code/__torch__/a{place}.py": b"a=1\n" * 50_000 for place in range(5)})
    assert code.classes == {}
    assert [(problem.name, problem.member) for problem in code.problems] == [
        ("too-large", "code/__torch__/a2.py"),
        ("too-large", "code/__torch__/a3.py"),
        ("too-large", "code/__torch__/a4.py"),
    ]


def record(*ranges: tuple[int, Any]) -> bytes:
    """A debug record in today's form."""
    strings = ("def forward(self, x):\n", "    y = x + 1\n", "    return é + y\n", "/home/me/net.py", "")
    strings += ("/home/me/net.py(12): forward\n/home/me/run.py(3): <module>\n",)
    entries = tuple((offset, source, place) for place, (offset, source) in enumerate(ranges))
    return pickle.dumps(("FORMAT_WITH_STRING_TABLE", strings, entries), protocol=2)


SCRIPTED = ([0, 1, 2], 3, 10)


def test_scripted_code_comes_from_a_line_a_column_and_a_function():
    debug = Debug(record((0, (SCRIPTED, 22, 31)), (40, (SCRIPTED, 51, 52)), (60, (([], 0, 0), 0, 0))))
    assert debug.place(5) == (("/home/me/net.py", 11, 1, "forward"),)
    assert debug.place(59) == (("/home/me/net.py", 12, 16, "forward"),)
    assert debug.place(60) == debug.place(10_000) == ()


def test_traced_code_comes_from_a_stack():
    debug = Debug(record((0, (([5], 3, 12), 0, 60))))
    assert debug.place(0) == (("/home/me/net.py", 12, 1, "forward"), ("/home/me/run.py", 3, 1, "<module>"))


def test_the_older_form_without_a_table_reads_too():
    source = ("def f(x):\n    return x\n", "net.py", 4)
    debug = Debug(pickle.dumps([(7, (source, 14, 20))], protocol=2))
    assert (debug.place(6), debug.place(7)) == ((), (("net.py", 5, 5, "f"),))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no pickle",
        pickle.dumps(3, protocol=2),
        pickle.dumps(("FORMAT_WITH_STRING_TABLE", 1, 2), protocol=2),
        pickle.dumps(
            ("FORMAT_WITH_STRING_TABLE", ("a",), ((0, ([99, "x"], 7, 0)), (1,), ("a", 2), (3, 4))), protocol=2
        ),
        record((0, ("nothing", 1, 2)), (5, ((None, None, None), 0, 0)), (9, (([0], 99, 1), 5, 6)))[:-9],
    ],
)
def test_a_record_of_another_form_has_no_places(data: bytes):
    debug = Debug(data)
    assert all(isinstance(debug.place(offset), tuple) for offset in (0, 1, 7, 10**9))


def test_places_are_found_in_records_that_unfold_to_far_more_than_they_are():
    source = ([0, 1, 2] * 400, 3, 10)
    debug = Debug(record(*((offset, (source, 22, 31)) for offset in range(3_000))))
    assert debug.place(2_999) == (("/home/me/net.py", 11, 1, "forward"),)
