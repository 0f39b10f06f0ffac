"""The semantic oracle: no random module diverges unreported, and what finds those that do is able to; needs torch.

`make oracle N=5000` searches longer; docs/oracle.md says how to read what it prints.
"""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

from tests.checkout import ROOT  # noqa: E402
from tests.oracle.inputs import DATA, tensors, variations  # noqa: E402
from tests.oracle.judging import KNOWN, JudgingError, errors, judged, known  # noqa: E402
from tests.oracle.program import CHOICES, Input, Program, program  # noqa: E402
from tests.oracle.reducing import reduced  # noqa: E402
from tests.oracle.running import Outcome, Raised, difference, run  # noqa: E402
from tests.oracle.search import Gap, Tally, distinct, minimal, search  # noqa: E402
from tests.oracle.telling import told  # noqa: E402

EXAMPLES = 150
MOST_MINIMISED = 5
HEAD = "import math\nimport torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
# What three thousand programs hold; one that is gone is a part of the grammar that is no longer reached.
CONSTRUCTS = """
    if elif else for while break continue assert raise return try with lambda def class yield match
    super().forward( super().__init__( @property @staticmethod @functools.wraps @torch.jit.script functools.partial(
    enumerate( zip( reversed( map( sorted( range( len( isinstance( getattr( int( float( round( max( min( sum(
    math. torch.stack( torch.cat( .split( .chunk( .unbind( .view( .reshape( .permute( .item() .tolist() .numpy()
    .nonzero( F.pad( F.interpolate( F.adaptive_avg_pool F.max_pool torch.zeros( torch.arange( torch.tensor(
    nn.Linear( nn.ModuleList( nn.Sequential( nn.ModuleDict( nn.Parameter( register_buffer( typing.NamedTuple
    .get( {2: f's{ :=  not  and  or  in  if  *_, ** is_tracing self.training += .stride( .data
"""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def with_forward(body: str, *dims: str, **sizes: int) -> Program:
    """A program whose forward has this body and an input `x` of these dims."""
    lines = ["def forward(self, x: torch.Tensor):", *(f"    {line}" for line in body.splitlines())]
    text = HEAD + "\n".join(f"    {line}" for line in lines) + "\n"
    return Program(text, (Input("x", dims or ("a", "b"), "float"),), tuple((sizes or {"a": 2, "b": 3}).items()))


def kind_of(body: str) -> str:
    """How a forward with this body diverges."""
    outcome = run(with_forward(body))
    assert (outcome.unfit, outcome.refused) == ("", "")
    return outcome.divergence.kind if outcome.divergence else ""


def gaps_of(one: Program) -> list[Gap]:
    """The gaps in a tsl that says nothing about a program."""
    tally = Tally(1)
    tally.take(one, run(one), ())
    return tally.gaps


@pytest.fixture(scope="module")
def blind() -> Tally:
    """A search in which tsl says nothing."""
    return search(60, judge=lambda text: ())


def test_no_divergence_goes_unreported() -> None:
    tally = search(EXAMPLES)
    assert tally.counts["kept"] > EXAMPLES * 0.8
    gaps = distinct([minimal(gap) for gap in tally.gaps[:MOST_MINIMISED]])
    unknown = [told(gap) for gap in gaps if not known(gap.program.text)]
    assert not unknown, f"{len(tally.gaps)} of {EXAMPLES} programs; the first:\n\n" + "\n\n".join(unknown)


def test_an_oracle_for_a_tsl_that_says_nothing_finds_gaps_of_every_kind(blind: Tally) -> None:
    assert {gap.divergence.kind for gap in blind.gaps} >= {"result", "fails"}
    assert len(blind.gaps) > blind.counts["kept"] / 4
    assert blind.alarms == []


def test_a_minimal_gap_is_small_and_still_one(blind: Tally) -> None:
    long = max(blind.gaps, key=lambda gap: len(gap.program.text))
    small = minimal(long, judge=lambda text: ())
    assert len(small.program.text) < len(long.program.text) / 2
    assert small.divergence.kind == long.divergence.kind
    assert run(small.program).divergence is not None


def test_a_gap_that_holds_a_smaller_one_is_counted_with_it() -> None:
    bodies = ("x * x.stride(0)", "x.sum() + x.stride(0)", "x[:2] + x.stride(0)", "x.data * 2")
    gaps = [gap for body in bodies for gap in gaps_of(with_forward(f"return {body}"))]
    assert [(gap.program, gap.times) for gap in distinct(gaps)] == [(gaps[0].program, 3), (gaps[3].program, 1)]


def test_a_reported_divergence_is_no_gap_and_an_error_on_what_agrees_is_a_false_alarm() -> None:
    reported = with_forward("return x if x.sum() > 0 else -x")
    in_vain = with_forward("return x * 2 if x.sum() > 1000000 else x")
    tally = Tally(2)
    for one in (reported, in_vain):
        tally.take(one, run(one), judged(one.text))
    assert (tally.gaps, [alarm.program for alarm in tally.alarms]) == ([], [in_vain])
    assert tally.reported == {"TSL104": 2}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x.relu() + x.size(0)", ""),
        ("if x.sum() > 0:\n    x = x * 2\nreturn x", "result"),
        ("if x.isnan().any():\n    x = x * 0\nreturn x.nan_to_num()", "result"),
        ("for i in range(x.size(0)):\n    x = x + 1\nreturn x", "result"),
        ("return torch.stack(list(x))", "fails"),
        ("assert x.size(0) == 2\nreturn x", "lost check"),
        ("self.calls = getattr(self, 'calls', 0) + 1\nreturn x * self.calls", "result"),
        ("return x[0].abs() if isinstance(x.size(0), int) else x", "result"),
    ],
)
def test_a_divergence_is_told_by_its_kind(body: str, kind: str) -> None:
    assert kind_of(body) == kind


def test_what_torch_does_not_trace_and_what_does_not_run_is_told_apart() -> None:
    assert run(with_forward("return x * round(x.size(0))")).refused.startswith("TypeError")
    assert run(with_forward("return x.nothing")).unfit.startswith("AttributeError")
    assert run(with_forward("return 3")).unfit == "not a tensor"
    assert run(with_forward("while True:\n    x = x + 1")).unfit == "does not end"
    assert run(with_forward("return x")) == Outcome()


@pytest.mark.parametrize(
    ("eager", "traced", "kind"),
    [
        (torch.ones(2), torch.ones(2) + 1e-7, ""),
        (torch.ones(2), torch.ones(2, 1), "result"),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), ""),
        (torch.tensor([1, 2]), torch.tensor([1.0, 2.0]), ""),
        ([torch.ones(1)], (torch.ones(1),), ""),
        ([torch.ones(1)], [torch.ones(1)] * 2, "result"),
        ({"a": torch.ones(1)}, {"a": torch.zeros(1)}, "result"),
        (None, torch.ones(1), "result"),
        (torch.ones(1), Raised("RuntimeError: no"), "fails"),
        (Raised("ValueError: no"), torch.ones(1), "lost check"),
        (Raised("IndexError: list index out of range"), torch.ones(1), "lost check"),
        (Raised("IndexError: index 3 is out of bounds for dimension 0 with size 2"), torch.ones(1), ""),
        (Raised("RuntimeError: no"), torch.ones(1), ""),
        (Raised("ValueError: no"), Raised("RuntimeError: no"), ""),
    ],
)
def test_results_are_compared_by_structure_shape_and_value(eager: object, traced: object, kind: str) -> None:
    assert difference(eager, traced) == kind


def test_the_search_changes_every_size_and_every_kind_of_data() -> None:
    held = list(variations(with_forward("return x", "a", "4", a=2, **{"4": 4})))
    assert {dict(one.sizes)["a"] for one in held} >= {1, 2, 3, 4}
    assert {dict(one.sizes)["4"] for one in held} >= {1, 4, 5}
    assert {one.data for one in held} == set(DATA)


def test_an_input_is_the_same_each_time_and_belongs_to_who_asks() -> None:
    one = with_forward("return x")
    for variation in variations(one):
        (first,), (second,) = tensors(one, variation), tensors(one, variation)
        assert torch.equal(first.nan_to_num(), second.nan_to_num())
        assert first.data_ptr() != second.data_ptr()


def test_the_same_choices_write_the_same_program_and_none_the_simplest() -> None:
    choices = random.Random(1).randbytes(CHOICES)
    assert program(choices) == program(choices)
    assert program(b"") == program(bytes(CHOICES))
    assert len(program(b"").text.splitlines()) < 20


def test_the_same_seed_searches_the_same_programs_and_another_seed_others() -> None:
    first, second, other = search(20, 1), search(20, 1), search(20, 2)
    assert first.programs == second.programs
    assert len(first.programs) == 20
    assert len(other.programs & first.programs) < 3


def test_every_construct_of_the_grammar_is_reached() -> None:
    source = random.Random(0)
    texts = "\n".join(program(source.randbytes(CHOICES)).text for _ in range(3000))
    assert [word for word in CONSTRUCTS.split() if word not in texts] == []


def test_a_program_is_reduced_to_what_shows_it() -> None:
    loop = "y = x * 2\nfor i in range(3):\n    if self.training:\n        y = y + i\n"
    body = loop + "z = [(y + 1).relu().sum()]\nreturn z[0]"
    small = reduced(with_forward(body), lambda one: not run(one).unfit and ".relu()" in one.text)
    assert small.text.endswith("return x.relu()\n")


def test_a_known_gap_has_a_case_that_must_fail() -> None:
    cases = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "fixtures" / "rules").glob("*.md"))
    assert [gap.reason for gap in KNOWN if f"xfail: {gap.reason}" not in cases] == []


def test_a_failure_of_tsl_shows_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(text: str) -> None:
        raise ValueError("no such kind")

    monkeypatch.setattr("tests.oracle.judging.verdicts_on", failing)
    with pytest.raises(JudgingError, match=r"no such kind, on\nclass Net"):
        judged("class Net: pass")


def test_judging_looks_at_tracing_alone() -> None:
    said = judged(with_forward("if x.sum() > 0:\n    raise ValueError\nreturn x[: int(x.size(0))]").text)
    assert [one.code for one in said] == ["TSL101", "TSL113"]
    assert [one.code for one in errors(said)] == ["TSL113"]
