"""A search finds what tracing loses, and the line of it; needs torch. The process around it: test_verify_command.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

from tests.verifying import model, search_of, searched, sections  # noqa: E402
from tsl.entry.unable import Unable, one_line  # noqa: E402
from tsl.verify.compare import difference  # noqa: E402

MODELS = sorted((Path(__file__).parent.parent / "fixtures" / "models").glob("*.py"))


@pytest.fixture(autouse=True)
def torch_as_before() -> Iterator[None]:
    """Leaves torch as it was: a search turns part of its executor off for its process. Threads only get in the way."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch._C._jit_set_profiling_mode(True)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_diverges_on_a_marked_line_and_on_no_other(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    marked = {number for number, line in enumerate(text.splitlines(), 1) if re.search(r"# TSL1\d\d", line)}
    found = search_of(path, "examples")
    assert bool(found.divergences) is bool(marked)
    assert set(found.lines()) <= marked
    assert {lost.place and lost.place.line for lost in found.lost_checks} <= marked


LOSSES = sections(
    """
# a branch on data
def forward(self, x):
    if x.sum() > 0:  # here
        x = -x
    return x

# a number taken out
def forward(self, x):
    top = x.max().item()  # here
    return x / top

# a size made a number
def forward(self, x):
    rows, columns = map(int, x.shape)  # here
    return x.view(rows * columns)

# a loop over a size
def forward(self, x):
    y = x * 0
    for row in range(x.size(0)):  # here
        y[row] = x[row]
    return y

# a loop over rows
def forward(self, x):
    return torch.stack([row * 2 for row in x])  # here

# split into a list
def forward(self, x):
    first, *rest = x.split(2)  # here
    return first + len(rest)

# a silent predicate
def forward(self, x):
    if torch.equal(x, x.abs()):  # here
        return x * 2
    return x

# a size given to a kernel
def forward(self, x):
    return torch.roll(x, x.size(0) // 2, 0)  # here

# a size of .data
def forward(self, x):
    rows = x.data.size(0)  # here
    return x.view(rows * 4)

# max of a size
def forward(self, x):
    rows = max(x.size(0), 8)  # here
    return F.pad(x, (0, 0, 0, rows - x.size(0)))

# a round trip through NumPy
def forward(self, x):
    mean = x.detach().numpy().mean()  # here
    return x - float(mean)

# a test for NaN
def forward(self, x):
    if torch.isnan(x).any():  # here
        x = torch.nan_to_num(x)
    return x

# a branch in training only
def forward(self, x):
    if self.training and x.sum() > 0:  # here
        x = -x
    return x

# Python state
def forward(self, x):
    self.calls += 1
    return x * self.calls  # here

# Python's random numbers
def forward(self, x):
    return x * random.random()  # here

# NumPy's random numbers
def forward(self, x):
    return x + numpy.random.rand()  # here

# a branch on a dtype
def forward(self, x):
    if x.dtype == torch.float32:  # here
        return x * 2
    return x

# a dtype
def forward(self, x):
    return x.to(x.dtype)  # here

# a device
def forward(self, x):
    return x + torch.arange(4, device=x.device)  # here

# a size looked up in a set
def forward(self, x):
    if x.size(0) in {6, 8}:  # here
        return x + 1
    return x

# a size that is no int
def forward(self, x):
    n = x.size(0)
    if isinstance(n, int):  # here
        return x + 1
    return x

# a number that differs under trace
def forward(self, x):
    scale = {6: 2.0}.get(x.size(0), 1.0)
    return x * scale  # here

# an assignment to .data
def forward(self, x):
    y = x * 0
    y.data = x + 1  # here
    return y * 1

# what only tracing refuses
def forward(self, x):
    half = round(x.size(0) / 2)  # here
    return x[:half]
"""
)


@pytest.mark.parametrize("name", LOSSES)
def test_the_line_of_a_loss_is_found(tmp_path: Path, name: str) -> None:
    found = searched(tmp_path / f"loss_{len(name)}.py", model(LOSSES[name]))
    assert found.lines()
    assert set(found.lines()) == set(found.marked)


SOUND = sections(
    """
# sizes that stay sizes
def forward(self, x):
    rows, columns = x.shape
    return x.view(rows * columns).view(rows, -1)

# dropout and batch norm
def forward(self, x):
    return self.dropout(self.norm(self.linear(x)))

# random numbers of torch
def forward(self, x):
    return x + torch.rand_like(x) * F.dropout(x)

# a mask
def forward(self, x):
    return x[x > 0]

# a branch whose arms agree
def forward(self, x):
    if x.size(0) % 4:
        x = F.pad(x, (0, 0, 0, 3))[:-3]
    return x

# in place
def forward(self, x):
    x.mul_(2)
    return x

# a list
def forward(self, x):
    return [x, x + 1]

# a dict
def forward(self, x):
    return {'one': x, 'other': x * x.size(0)}

"""
)


@pytest.mark.parametrize("name", SOUND)
def test_what_traces_right_agrees(tmp_path: Path, name: str) -> None:
    found = searched(tmp_path / f"sound_{len(name)}.py", model(SOUND[name]))
    assert (found.divergences, found.lost_checks) == ([], [])
    assert found.counts.ran > 20


def test_a_branch_whose_arms_agree_is_not_blamed_for_one_whose_do_not(tmp_path: Path) -> None:
    body = """
def forward(self, x):
    if x.sum() > 0:
        x = x + 0
    if x.sum() > 0:  # here
        x = x + 1
    return x
"""
    found = searched(tmp_path / "benign.py", model(body))
    assert found.lines() == found.marked
    assert found.divergences[0].decision is not None
    assert found.divergences[0].decision.call == "the truth of a tensor"


def test_two_losses_are_two_divergences(tmp_path: Path) -> None:
    body = """
def forward(self, x):
    if x.sum() > 0:  # here
        x = -x
    return x.view(int(x.size(0)) * 4)  # here
"""
    found = searched(tmp_path / "two.py", model(body))
    assert sorted(filter(None, found.lines())) == found.marked


def test_a_lost_check_is_no_divergence(tmp_path: Path) -> None:
    body = """
def forward(self, x):
    if x.size(0) > 7:
        raise ValueError("too long")  # here
    torch._assert(x.max() < 8, "too large")  # here
    return x
"""
    found = searched(tmp_path / "checks.py", model(body))
    assert found.divergences == []
    assert {lost.place.line for lost in found.lost_checks if lost.place} == set(found.marked)


def test_what_a_kernel_refuses_is_no_lost_check(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    return self.linear(x) if x.dim() == 2 else x"
    found = searched(tmp_path / "kernel.py", model(body))
    assert (found.divergences, found.lost_checks) == ([], [])
    assert found.counts.refused


def test_an_answer_that_is_not_steady_is_counted_and_not_compared(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    return x + float(numpy.random.default_rng().random())"
    found = searched(tmp_path / "unsteady.py", model(body), skip="state")
    assert found.divergences == []
    assert found.counts.unsteady > 5


def test_a_refusal_of_the_entrys_own_inputs_is_a_divergence(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    assert x.size(0) < 9, 'too long'  # here\n    return x"
    text = model(body) + "\n\ndef own():\n    return Net(), torch.ones(6, 4), torch.ones(9, 4)\n"
    found = searched(tmp_path / "own.py", text, "own")
    assert [one.kind for one in found.divergences] == ["own"]
    assert found.lines() == found.marked


def test_a_function_may_be_the_model(tmp_path: Path) -> None:
    text = "def pick(x, y):\n    return x if x.sum() > y.sum() else y  # here\n"
    found = searched(tmp_path / "function.py", text, "pick", "f32[N,4] f32[N,4]")
    assert found.lines() == found.marked


def test_nested_inputs_are_perturbed_by_name(tmp_path: Path) -> None:
    body = "def forward(self, x, state):\n    return x * (2 if state[0]['h'].sum() > 0 else 1)  # here"
    text = model(body) + "\n\ndef nested():\n    return Net(), (torch.ones(2), ({'h': torch.ones(2)},))\n"
    found = searched(tmp_path / "nested.py", text, "nested")
    assert found.lines() == found.marked
    assert found.divergences[0].perturbation == "`state[0]['h']` negated"


def test_inputs_may_be_given_by_name(tmp_path: Path) -> None:
    body = "def forward(self, x, y=None, z=None):\n    return x - z if z.sum() > 0 else x  # here"
    text = model(body) + "\n\ndef named():\n    return Net(), {'z': torch.ones(6, 4), 'x': torch.ones(6, 4)}\n"
    found = searched(tmp_path / "named.py", text, "named")
    assert found.lines() == found.marked


def test_a_free_size_is_changed_everywhere_and_a_number_nowhere(tmp_path: Path) -> None:
    body = "def forward(self, x, mask):\n    return x.masked_fill(mask, 0).view(int(x.size(0)), 4)  # here"
    found = searched(tmp_path / "free.py", model(body), "Net", "x=float32[N,4] mask=bool[N,4]", skip="mode")
    assert [one.perturbation for one in found.divergences] == ["N: 8 -> 9"]
    assert found.lines() == found.marked


def test_values_stay_within_their_bounds(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    assert (x >= 0).all() and (x <= 9).all()\n    return F.one_hot(x, 10)"
    found = searched(tmp_path / "bounds.py", model(body), "Net", "x=int64[5]:0..9")
    assert (found.divergences, found.lost_checks) == ([], [])


def test_a_kind_can_be_left_out(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    if x.sum() > 0:\n        x = -x\n    return x"
    kinds = {one.kind for one in searched(tmp_path / "kinds.py", model(body)).divergences}
    assert kinds <= {"data", "size"}
    assert searched(tmp_path / "kinds.py", model(body), skip="data size mode").divergences == []


def test_the_number_of_perturbations_is_bounded(tmp_path: Path) -> None:
    assert searched(tmp_path / "few.py", model("def forward(self, x):\n    return x"), trials=7).counts.ran == 7


def test_a_model_that_cannot_be_copied_is_searched_all_the_same(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    return self.linear(x) * (1 if x.sum() > 0 else 2)  # here"
    text = model(body).replace(
        "nn.Linear(4, 4)", "nn.Linear(4, 4)\n        self.kept = torch.ones(1, requires_grad=True) * 2"
    )
    found = searched(tmp_path / "uncopyable.py", text)
    assert found.lines() == found.marked
    assert found.notes == ["the model cannot be copied (RuntimeError): state, dtype and device are not tried"]


def test_buffers_are_what_they_were_before_every_run(tmp_path: Path) -> None:
    body = "def forward(self, x):\n    self.norm.running_mean.add_(1)\n    return x + self.norm.running_mean"
    assert searched(tmp_path / "buffers.py", model(body)).divergences == []


@pytest.mark.filterwarnings("ignore")  # torch.jit.script is deprecated, and says so
@pytest.mark.parametrize(
    ("entry", "spec", "words"),
    [
        ("Nett", "", "--entry: wrong.py has no 'Nett'; did you mean Net?"),
        ("random", "", "--entry: random is a module; name an nn.Module, its class, or a function that makes it"),
        ("number", "", "--entry: number() returns an int; return a module, (module, inputs) or"),
        ("four", "", "--entry: four() returns a tuple of 4; return a module"),
        ("words", "", "--entry: words() gives a str as inputs; give a tensor, or a tuple of tensors"),
        ("flag", "", "--entry: flag() gives y as bool, and torch.jit.trace takes tensors only"),
        ("scripted", "", "--entry: scripted is in TorchScript already; name what makes the Python module"),
        ("needs", "", "--entry: needs() raises TypeError: needs() missing 1 required positional argument: 'x'; name a"),
        ("fails", "", "--entry: fails() raises ValueError: no weights (line {line})"),
        ("Net", "y=float32[2] z=float32[2]", "--input: names 'z', and forward takes x, y"),
        ("Net", "y=float32[2]", "--input: lacks x, which forward needs"),
        ("Net", "f32[2] f32[2] f32[2]", "--input: has 3 inputs, and forward takes 2: x, y"),
        ("Net", "f32[2,3]", "--entry: the model raises on its example inputs: RuntimeError: mat1 and mat2"),
        ("text", "", "torch.jit.trace: cannot trace the model: "),
    ],
)
def test_what_cannot_be_run_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, spec: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        model("def forward(self, x, y=None):\n    return self.linear(x)")
        + """

def number():
    return 3


def four():
    return Net(), torch.ones(2, 4), (), ()


def words():
    return Net(), "inputs"


def flag():
    return Net(), (torch.ones(2, 4), True)


def needs(x):
    return Net()


def fails():
    raise ValueError("no weights")


class Text(nn.Module):
    def forward(self, x):
        return "text"


def text():
    return Text(), torch.ones(2)


scripted = torch.jit.script(nn.Linear(4, 4))
"""
    )
    path = tmp_path / "wrong.py"
    with pytest.raises(Unable, match=r"\A[^\n]+\Z") as raised:
        searched(path, text, entry, spec)
    line = text.splitlines().index('    raise ValueError("no weights")') + 1
    assert str(raised.value).startswith(words.replace("{line}", str(line)))


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (torch.ones(2), torch.ones(3), "the output is float32[2] in eager, float32[3] in the trace"),
        (torch.ones(2), torch.ones(2).double(), "the output is float32[2] in eager, float64[2] in the trace"),
        (torch.ones(2), torch.tensor([1.0, 1.5]), "the output differs in 1 of 2 values by up to 0.5"),
        (torch.ones(2), torch.tensor([1.0, float("nan")]), "the output differs in 1 of 2 values: NaN or infinity in"),
        (torch.ones(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64), "the output differs in 2 of 2 values"),
        (torch.ones(2), torch.ones(2, device="meta"), "the output is on cpu in eager, on meta in the trace"),
        ((torch.ones(2), torch.ones(2)), (torch.ones(2),), "the output holds 2 values in eager, 1 in the trace"),
        ([torch.ones(2), {"a": torch.ones(2)}], (torch.ones(2), {"a": torch.zeros(2)}), "the output[1]['a'] differs"),
        ({"a": torch.ones(2)}, {"b": torch.ones(2)}, "the output has the keys a in eager, b in the trace"),
        (None, torch.ones(2), "the output is None in eager, float32[2] in the trace"),
    ],
)
def test_a_difference_is_told(one: object, other: object, words: str) -> None:
    assert difference(one, other).startswith(words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")])),
        (torch.tensor([1.0, float("inf")]), torch.tensor([1.0, float("inf")])),
        (torch.tensor([1e6, 1.0]), torch.tensor([1e6, 1.5])),  # rounding, where the largest is a million
        ([torch.ones(2)], (torch.ones(2),)),
        (torch.ones(2).to_sparse(), torch.ones(2).to_sparse()),
        (torch.ones(2, device="meta"), torch.ones(2, device="meta")),
        (torch.empty(0), torch.empty(0)),
        (2, torch.tensor(2)),
    ],
)
def test_what_is_no_difference_is_not_told(one: object, other: object) -> None:
    assert difference(one, other) == ""


def test_an_exception_of_the_interpreter_is_told_by_its_last_line() -> None:
    error = RuntimeError(
        "The following operation failed.\nTraceback of TorchScript:\nnet.py(3): forward\nRuntimeError: no"
    )
    assert one_line(error) == "RuntimeError: no"
    assert one_line(ValueError("one\ntwo")) == "ValueError: one"
    assert one_line(KeyError()) == "KeyError"
