"""Why an operator is in no group: which reason it is by what the fuser said.

Needs the log as `tsl.fusion.log` reads it, and operators as `tsl.fusion.explain` sees them. It will never know torch.

In this order, the first that holds:
1. an operator that writes in place is that, whatever else holds;
2. under a graph for derivatives it is that;
3. the condition that the fuser named for the operator by itself, read with its types;
4. refused without a word: complex or quantized;
5. accepted, and no partner: the condition that its partners failed, else there was none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tsl.fusion import log
from tsl.ir.fusible import DROPOUTS, READS, REDUCTIONS, base_of, writes
from tsl.record import Record

_SCALAR = re.compile(r"^([A-Z]\w*)\(")
_DEVICE = re.compile(r"device=([\w:]+)")
UNSEEN = "Tensor"  # the type of a value that no call has made
UNTAKEN_ON_CPU = {"Half": "float16", "BFloat16": "bfloat16"}
UNTAKEN = {"Byte": "uint8"}
COMPLEX = frozenset(["ComplexFloat", "ComplexDouble", "ComplexHalf", "QInt8", "QUInt8", "QInt32"])
ONLY_GPU, ONLY_CPU = frozenset(["erf", "erfc"]), frozenset(["conv2d", "_convolution", "matmul"])


class Seen(Record):
    """An operator of a plan as an explanation needs it.

    `name` is that of its first output, `inputs` those of its inputs, lists written out; `makers` the kinds of operators
    that made these; `training` is its flag, where it has one and it is a constant.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    makers: tuple[str, ...]
    training: bool | None = None
    under_gradient: bool = False


def reason_of(seen: Seen, section: log.Section | None) -> tuple[str, str]:
    """The reason, a key of `tsl.ir.fused.REASONS`, and what it is about."""
    if writes(seen.kind):
        return "in place", ""  # (1)
    if seen.under_gradient:
        return "requires grad", ""  # (2)
    if base_of(seen.kind) in DROPOUTS and seen.training is not False:
        return ("training" if seen.training else "training flag"), ""
    if section is None:
        return "not supported", ""
    failed = section.failed.get(seen.name)
    if failed is not None:
        return _by_itself(seen, failed, section)  # (3)
    if seen.name in section.considered - section.accepted and _any_dtype(seen, section, COMPLEX):
        return "complex", ""  # (4)
    return _beside(section.unmerged.get(seen.name, ())), ""  # (5)


def _by_itself(seen: Seen, failed: str, section: log.Section) -> tuple[str, str]:
    match failed:
        case log.SHAPES:
            seen_at_all = section.types.get(seen.name, UNSEEN) != UNSEEN
            return ("shape unknown", _untyped(seen, section)) if seen_at_all else ("not run", "")
        case log.DEVICE_OFF | log.ONE_DEVICE | log.LIST_DEVICE:
            devices = sorted({found for name in seen.inputs if (found := _device(section.types.get(name, "")))})
            if len(devices) > 1:
                return "devices", " and ".join(devices)
            return ("device off" if failed == log.DEVICE_OFF else "no tensor"), ""
        case log.EXCLUDED:
            return "excluded", ""
        case log.TRAINING_KNOWN:
            return "training flag", ""
        case log.NOT_TRAINING:
            return "training", ""
        case log.SUPPORTED:
            return _unsupported(seen)
        case log.TYPES:
            return _untaken(seen, section)
    return ("list" if failed in log.OF_LISTS else "symbolic shape"), ""


def _unsupported(seen: Seen) -> tuple[str, str]:
    if base_of(seen.kind) in REDUCTIONS:
        return "reduction", ""
    return ("number", "") if READS & set(seen.makers) else ("not supported", "")


def _untaken(seen: Seen, section: log.Section) -> tuple[str, str]:
    """Which type it is that the fuser does not take (`typesAreSupported`)."""
    types = [section.types.get(name, "") for name in seen.inputs]
    on_cpu = "device=cpu" in "".join(types)
    untaken = UNTAKEN | (UNTAKEN_ON_CPU if on_cpu else {})
    for text in types:
        scalar = _SCALAR.match(text)
        if scalar and scalar[1] in untaken:
            return "dtype", untaken[scalar[1]]
    if base_of(seen.kind) in (ONLY_GPU if on_cpu else ONLY_CPU):
        return "on this device", ""
    if base_of(seen.kind) in ONLY_CPU:
        return "not supported", ""
    return "dtype", " and ".join(sorted({found for text in types if (found := _dtype(text))}))


def _beside(conditions: Sequence[str]) -> str:
    told = set(conditions)
    if log.MOVED in told or log.ALIAS in told:
        return "order"
    if log.ONE_USE in told:
        return "two uses"
    if told & log.DEVICES:
        return "devices"
    if told & log.ARGUMENTS:
        return "arguments"
    return "alone"


def _any_dtype(seen: Seen, section: log.Section, dtypes: frozenset[str]) -> bool:
    return any(_dtype(section.types.get(name, "")) in dtypes for name in seen.inputs)


def _dtype(text: str) -> str:
    found = _SCALAR.match(text)
    return found[1] if found else ""


def _device(text: str) -> str:
    found = _DEVICE.search(text)
    return found[1] if found else ""


def _untyped(seen: Seen, section: log.Section) -> str:
    """The first value whose type is not known to the end."""
    for name in (*seen.inputs, seen.name):
        text = section.types.get(name, "")
        if text and "strides=" not in text and not re.match(r"\w+\(requires_grad=\d, device=", text):
            return name
    return ""
