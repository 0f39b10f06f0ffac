"""The reports on fusion: for people and for machines, what the fuser makes of a model.

Needs a report of `tsl.fusion` and the findings on it. It will never read a file, decide an exit code, or know torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tsl.ir.fused import Group, Node, Plan, Prediction, Report, Shape, Unfused, form_of
from tsl.outcome import Outcome
from tsl.report.cells import visible
from tsl.report.jsonform import diagnostic_form
from tsl.report.paint import Line, Segment, paint
from tsl.report.summary import counted
from tsl.report.text import text

VERSION = 1
MOST_OPERATORS = 6  # of a group that are named in a line
ON_CPU = "PyTorch fuses on the CPU when it is told to, as it is here; docs/fusion.md says what that proves"


def fusion_json(report: Report, outcome: Outcome) -> str:
    """The report as one JSON object, ended by a newline; docs/fusion.md says what the keys mean.

    Times, counts of launches and what depends on the machine are under `kernels` and `versions` alone.
    """
    import json

    from tsl import __version__

    plan = report.told or Plan((), ())
    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "path": report.path,
        "entry": report.entry or None,
        "device": report.device,
        "capture": report.capture or None,
        "inputs": list(report.inputs),
        "versions": dict(report.versions),
        "runs": report.plan.runs if report.plan else 0,
        "groups": [_group_form(group) for group in plan.groups],
        "unfused": [_unfused_form(one) for one in plan.rest],
        "splits": form_of(plan.splits),
        "fused": plan.fused,
        "fusible": plan.fusible,
        "nested": plan.nested,
        "shapes": form_of(report.shapes),
        "variants": form_of(report.variants),
        "numerics": [_number_form(form_of(one)) for one in report.numerics],
        "kernels": _kernels_form(report),
        "waits": report.waits,
        "deployed": form_of(report.deployed),
        "predictions": [_prediction_form(one) for one in report.predictions],
        "diagnostics": [diagnostic_form(found) for found in outcome.diagnostics],
        "notes": list(report.notes),
        "failure": form_of(report.failure),
    }
    return json.dumps(form, indent=2, allow_nan=False) + "\n"


def fusion_text(report: Report, outcome: Outcome, *, color: bool) -> str:
    """Groups, what is beside them, other sizes, freezing, the evidence of a run; then the findings."""
    lines: list[Line] = []
    for title, part in _parts(report):
        lines += [[Segment(title, "strong")], *([Segment(f"  {visible(line)}")] for line in part), []]
    return paint(lines, color=color) + text(outcome, color=color, statistics=False)


def _parts(report: Report) -> Iterator[tuple[str, list[str]]]:
    if report.plan is not None:
        yield _heading(report, report.plan), [*_groups(report.plan), *_beside(report.plan)]
    for one in report.predictions:
        yield f"Foretold for {one.device}: {_share(one.plan)}", [*_groups(one.plan), *_stopped(one)]
    if len(report.predictions) == 2:
        yield "Different on cuda", list(_differing(*report.predictions)) or ["nothing"]
    if report.shapes:
        yield "Other sizes", [_shape(one) for one in report.shapes]
    if report.variants:
        yield "Frozen", [_variant(name, groups, fused, refused) for name, groups, fused, refused in report.variants]
    if report.numerics or report.kernels:
        yield "Evidence", list(_evidence(report))


def _heading(report: Report, plan: Plan) -> str:
    after = f"from call {plan.runs} on" if plan.runs else ""
    return f"Fused on {report.device} {after}: {_share(plan)}"


def _share(plan: Plan) -> str:
    groups = counted(len(plan.groups), "group")
    return f"{groups}, {plan.fused} of {counted(plan.fusible, 'operator')} that can be"


def _groups(plan: Plan) -> Iterator[str]:
    for number, group in enumerate(plan.groups, 1):
        kinds = [node.op.partition("::")[2] for node in group.nodes]
        more = f" and {len(kinds) - MOST_OPERATORS} more" if len(kinds) > MOST_OPERATORS else ""
        sized = ", for any size" if group.symbolic else ""
        yield f"{number}. {' '.join(kinds[:MOST_OPERATORS])}{more}{sized}  ({_lines(group)})"
    if plan.nested:
        yield f"and {counted(plan.nested, 'group')} inside graphs for derivatives"


def _lines(group: Group) -> str:
    """`net.py:12-15, layers.py:7`, with the modules the operators run for."""
    by_path: dict[str, list[int]] = {}
    for node in group.nodes:
        by_path.setdefault(node.path, []).append(node.line)
    places = [f"{path}:{_range(lines)}" for path, lines in by_path.items() if path]
    modules = [module for module in dict.fromkeys(node.module for node in group.nodes) if module]
    return ", ".join([*places, *(f"in {module}" for module in modules[:2])])


def _range(lines: list[int]) -> str:
    return str(min(lines)) if min(lines) == max(lines) else f"{min(lines)}-{max(lines)}"


def _beside(plan: Plan) -> Iterator[str]:
    counts = Counter((one.reason, one.node.op) for one in plan.rest if not one.expected)
    if counts:
        told = [f"{op.partition('::')[2]} {times}" for (_, op), times in sorted(counts.items())]
        more = f" and {len(told) - MOST_OPERATORS} more" if len(told) > MOST_OPERATORS else ""
        yield f"beside them, by themselves: {', '.join(told[:MOST_OPERATORS])}{more}"


def _stopped(one: Prediction) -> Iterator[str]:
    if one.stopped:
        yield f"not sure: {one.stopped}"


def _differing(cpu: Prediction, cuda: Prediction) -> Iterator[str]:
    """The operators that are in a group on one device and not on the other."""
    fused = [Counter(_place(node) for group in one.plan.groups for node in group.nodes) for one in (cpu, cuda)]
    for place in sorted((fused[1] - fused[0]) + (fused[0] - fused[1])):
        yield f"{place}: fused on {'cuda' if fused[1][place] > fused[0][place] else 'cpu'} alone"


def _place(node: Node) -> str:
    return f"{node.op} in {node.path}:{node.line}"


def _shape(shape: Shape) -> str:
    first = "the first call is not fused" if shape.fallback else "fused at once"
    again = f", then {counted(shape.compilations, 'compilation')}" if shape.compilations else ""
    sized = ", for any size" if shape.symbolic else ""
    return f"{' '.join(shape.inputs)}: {first}{again}{sized}"


def _variant(name: str, groups: int, fused: int, refused: str) -> str:
    found = f"{counted(groups, 'group')} of {counted(fused, 'operator')}"
    return f"torch.jit.{name}: {refused or found}"


def _evidence(report: Report) -> Iterator[str]:
    for one in report.numerics:
        yield f"{one.name}: {one.error:.1e} from the unfused run, {one.relative:.1e} of the largest value"
    kernels = report.kernels
    if kernels is None:
        return
    for name, times in kernels.names:
        yield f"ran {name}" + (f" {times} times" if times > 1 else "")
    if not kernels.names:
        yield "no fused kernel ran"
    if kernels.launches and kernels.milliseconds:
        slow, fast = kernels.milliseconds
        before, after = kernels.launches
        yield f"kernel launches {before} unfused, {after} fused; {slow / fast:.2f} times as fast"
    if report.waits is not None:
        yield f"a call waits for the GPU {counted(report.waits, 'time')}"
    for way, error in report.deployed:
        yield f"moved by {way}: {error or 'runs'}"
    if report.device == "cpu":
        yield ON_CPU


def _group_form(group: Group) -> dict[str, Any]:
    return {"nodes": form_of(group.nodes), "symbolic": group.symbolic}


def _unfused_form(one: Unfused) -> dict[str, Any]:
    form: dict[str, Any] = form_of(one)
    return form


def _number_form(form: dict[str, Any]) -> dict[str, Any]:
    """An output as JSON has it, which knows no infinity."""
    return {key: None if value == float("inf") else value for key, value in form.items()}


def _kernels_form(report: Report) -> dict[str, Any] | None:
    if report.kernels is None:
        return None
    form: dict[str, Any] = form_of(report.kernels)
    return form | {"names": dict(report.kernels.names)}


def _prediction_form(one: Prediction) -> dict[str, Any]:
    return {
        "device": one.device,
        "stopped": one.stopped or None,
        "groups": [_group_form(group) for group in one.plan.groups],
        "unfused": [_unfused_form(left) for left in one.plan.rest],
    }
