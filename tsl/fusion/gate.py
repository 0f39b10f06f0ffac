"""A look at fusion as a gate: is as much fused as was expected, or as was once?

Needs a report, and the JSON of an earlier one. It will never print.

1. A plan *regresses* against an earlier one where it has fewer groups, or fewer operators in groups, or where a group
   that had several operators has lost some and no other has them.
2. A gate is one line: what was expected, what there is, and where to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tsl.config import SettingError
from tsl.ir.fused import Node, Plan, Report
from tsl.project import reason
from tsl.record import Record


def below(report: Report, expected: int) -> str:
    """That fewer groups are fused than expected, in one line; empty where there are enough."""
    plan = report.told
    if plan is None or len(plan.groups) >= expected:
        return ""
    found = _groups(len(plan.groups))
    return f"{found} fused, and {expected} expected{_kept_out(plan)}"


def regressed(report: Report, path: str) -> str:
    """What an earlier report had fused and this one has not (1), in one line; empty where nothing is lost.

    Raises SettingError where the file is no report of `tsl fusion --format json`.
    """
    plan, before = report.told, read_baseline(path)
    if plan is None:
        return ""
    now = Counter(_name(node) for group in plan.groups for node in group.nodes)
    lost = sorted((before.operators - now).items())
    if not lost and len(plan.groups) >= before.groups:
        return ""
    what = ", ".join(f"{name} ({times} times)" if times > 1 else name for name, times in lost[:3])
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    told = f"; no longer fused: {what}{more}" if lost else ""
    return f"{_groups(len(plan.groups))} fused, and {before.groups} in {path}{told}{'' if lost else _kept_out(plan)}"


class Before(Record):
    """What an earlier report had fused: how many groups, and how often each operator of each module."""

    groups: int
    operators: Counter[str]


def read_baseline(path: str) -> Before:
    """What an earlier report had fused. Raises SettingError where the file is none."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            form: Mapping[str, Any] = json.load(file)
        groups = [group["nodes"] for group in form["groups"]]
        names = Counter(f"{node['op']} of {node['module'] or 'the model'}" for nodes in groups for node in nodes)
    except OSError as error:
        raise SettingError("--baseline", f"{path} cannot be read: {reason(error)}") from None
    except (ValueError, KeyError, TypeError):
        message = f"{path} is no report of tsl fusion; write one with tsl fusion ... --format json -o {path}"
        raise SettingError("--baseline", message) from None
    return Before(len(groups), names)


def _name(node: Node) -> str:
    return f"{node.op} of {node.module or 'the model'}"


def _groups(number: int) -> str:
    return "1 group is" if number == 1 else f"{number} groups are"


def _kept_out(plan: Plan) -> str:
    """The first operator that could have been fused, and its line."""
    first = next((one for one in plan.rest if one.expected), None)
    if first is None:
        return ""
    node = first.node
    return f"; {node.op} in {node.path}:{node.line} is not: {first.reason}"
