"""Python's builtins and `math` under trace: which of them turn a traced value into a plain one.

The tables say what a call records; BUILTINS says what it returns. A builtin that is in no table is UNKNOWN and records
nothing. Measured on torch 2.13: max/min compare and so convert; sum(), abs() and `**` keep sizes traced; str() and
format() of a size warn and keep the example's text; range(n) converts silently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import containers, operators, values
from tsl.source.frame import Frame
from tsl.source.guards import kinds_of, under_trace
from tsl.source.refs import Arguments, Super
from tsl.source.values import (
    DICT,
    FLOAT,
    INT,
    REF,
    SEQ,
    SIZE,
    TENSOR,
    TRACED,
    UNKNOWN,
    UNKNOWN_VALUE,
    Value,
)

Handler = Callable[[Frame, Arguments, Any], Value]

CONVERTERS = {
    "int": INT,
    "float": FLOAT,
    "complex": FLOAT,
    "bool": values.BOOL,
    "round": INT,
    "hex": values.STR,
    "bin": values.STR,
}


def call(frame: Frame, name: str, arguments: Arguments, node: Any) -> Value:
    """The result of a call of a builtin, by its name."""
    if name in CONVERTERS:
        return _convert(frame, name, arguments, node)
    handler = BUILTINS.get(name)
    return handler(frame, arguments, node) if handler else UNKNOWN_VALUE


def math_call(frame: Frame, name: str, arguments: Arguments, node: Any) -> Value:
    """The result of a call of `math.name` or `cmath.name`: a plain number, but for the few that keep sizes traced."""
    given = arguments.all()
    if name == "prod" and given and given[0].kind & SEQ:
        return given[0].elements() if given[0].elements().kind & TRACED else INT_OR_FLOAT
    for value in given:
        frame.record(node, "math", value.elements() if value.kind & SEQ and value.parts != () else value)
    origin = _origins(given)
    return Value(
        INT if name in ("ceil", "floor", "gcd", "lcm", "trunc", "comb", "isqrt") else FLOAT,
        origin,
    )


INT_OR_FLOAT = Value(INT | FLOAT)


def _origins(given: list[Value]) -> int:
    origin = 0
    for value in given:
        origin |= value.origin
    return origin & (values.DATA | values.SIZES | values.STATIC)


def _convert(frame: Frame, name: str, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    if not given:
        return Value(CONVERTERS[name])
    if given[0].const is not TOP and name in ("int", "float", "bool"):
        return _converted_constant(name, given[0].const)
    frame.record(node, "boolean" if given[0].is_only(values.BOOL) else "number", given[0])
    return Value(CONVERTERS[name], given[0].origin & ~values.RANK)


def _converted_constant(name: str, const: object) -> Value:
    kinds: dict[str, Callable[[Any], object]] = {
        "int": int,
        "float": float,
        "bool": bool,
    }
    try:
        return values.constant(kinds[name](const))
    except (TypeError, ValueError, OverflowError):
        return Value(CONVERTERS[name])


def _extreme(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = list(arguments.positional) or arguments.all()
    if len(given) == 1:
        single = given[0]
        if single.is_only(TENSOR):
            frame.record(node, "extreme", containers.length_of(single))
            return single
        containers.count_out(frame, single, node)
        given = [single.elements()] if single.kind & SEQ else [UNKNOWN_VALUE]
    compared = values.join_all(given)
    traced = [value for value in given if value.kind & TRACED and not value.kind & UNKNOWN]
    if traced:
        frame.record(node, "extreme", values.join_all(traced))
    return compared


def _range(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    for value in given:
        frame.record(node, "range", value)
    consts = [value.const for value in given if isinstance(value.const, int)]
    if 0 < len(consts) == len(given) == len(arguments.positional):
        steps = range(*consts) if len(consts) < 3 or consts[2] else range(0)
        if len(steps) <= 8:
            return values.sequence([values.constant(step) for step in steps])
    return values.listing(values.INT_VALUE)


def _length(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    return containers.length(frame, given[0], node) if given else values.INT_VALUE


def _same_elements(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    if not given:
        return values.sequence(())
    source = given[0]
    if source.is_only(SEQ):
        return source
    if source.kind & TENSOR:
        frame.record(node, "iterate", containers.length_of(source))
        return values.listing(containers.element_of(source))
    return values.listing(containers.element_of(source))


def _sorted(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    if given and given[0].is_only(SEQ | TENSOR) and given[0].parts != ():
        containers.count_out(frame, given[0], node)
        compared = containers.element_of(given[0])
        if "key" in arguments.keywords:
            compared = frame.session.call(frame, arguments.keywords["key"], Arguments((compared,)), node)
        frame.record(node, "extreme", compared)
    result = _same_elements(frame, arguments, node)
    return values.listing(result.elements(), result.origin) if result.parts is not None else result


def _enumerate(frame: Frame, arguments: Arguments, node: Any) -> Value:
    source = arguments.positional[0] if arguments.positional else UNKNOWN_VALUE
    return _with_index(frame, source, node)


def _with_index(frame: Frame, source: Value, node: Any) -> Value:
    if source.is_only(SEQ) and isinstance(source.parts, tuple):
        return values.sequence(
            [values.sequence((values.constant(place), part)) for place, part in enumerate(source.parts)],
            source.origin,
        )
    return values.listing(
        values.sequence((values.INT_VALUE, _element(frame, source, node))),
        _length_origin(source),
    )


def _zip(frame: Frame, arguments: Arguments, node: Any) -> Value:
    sources = list(arguments.positional)
    if arguments.rest is not None:
        rows = [*sources, arguments.rest]  # `zip(*rows)`: each column holds one of each row
        return values.listing(values.listing(values.join_all(containers.element_of(row) for row in rows)))
    if sources and all(source.is_only(SEQ) and isinstance(source.parts, tuple) for source in sources):
        columns = [source.parts for source in sources if isinstance(source.parts, tuple)]
        fewer = values.join_all(sources).origin & values.FEWER
        return values.sequence([values.sequence(row) for row in zip(*columns, strict=False)], fewer)
    elements = [_element(frame, source, node) for source in sources]
    counted = [source for source in sources if _length_origin(source)]
    if len(counted) == len(sources) and counted:
        return values.listing(values.sequence(elements), _length_origin(values.join_all(counted)))
    for source in sources:  # zipped with something else: the shorter of the two was chosen while tracing
        containers.count_out(frame, source, node)
    return values.listing(values.sequence(elements))


def _element(frame: Frame, source: Value, node: Any) -> Value:
    if source.kind & TENSOR:
        frame.record(node, "iterate", containers.length_of(source))
    return containers.element_of(source)


def _length_origin(source: Value) -> int:
    return source.origin & containers.COUNTS if source.is_only(SEQ) else 0


def _quantifier(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.all()
    if not given:
        return values.BOOL_VALUE
    if given[0].is_only(TENSOR):
        frame.record(node, "iterate", containers.length_of(given[0]))
    elif given[0].kind & SEQ and given[0].parts != ():
        containers.count_out(frame, given[0], node)
        frame.record(node, frame.how, given[0].elements())
    return values.BOOL_VALUE


def _sum(frame: Frame, arguments: Arguments, node: Any) -> Value:
    source = arguments.positional[0] if arguments.positional else UNKNOWN_VALUE
    if source.is_only(TENSOR):
        frame.record(node, "iterate", containers.length_of(source))
        return source
    if not source.kind & SEQ:
        return UNKNOWN_VALUE
    containers.count_out(frame, source, node)
    return values.INT_VALUE if source.parts == () else source.elements()


def _isinstance(frame: Frame, arguments: Arguments, node: Any) -> Value:
    kinds = kinds_of(node.args[1]) if len(node.args) == 2 else None
    if kinds is None or not arguments.positional:
        return values.BOOL_VALUE
    subject = arguments.positional[0]
    if subject.kind & UNKNOWN or subject.kind & REF:
        return values.BOOL_VALUE
    if subject.kind & SIZE and not subject.kind & TENSOR and kinds & TENSOR:
        # an int in eager mode, and a tensor while tracing
        frame.note_event(node, "type", UNKNOWN_VALUE if kinds & INT else subject)
    elif subject.is_only(SIZE) and kinds & (INT | FLOAT):
        frame.record(node, "number", subject)  # an int in eager mode, and none while tracing
    if not subject.kind & under_trace(kinds):
        return values.constant(False)
    return values.constant(True) if subject.is_only(under_trace(kinds)) else values.BOOL_VALUE


def _type(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if arguments.positional and arguments.positional[0].is_only(SIZE):
        frame.record(node, "number", arguments.positional[0])  # as for isinstance()
    return UNKNOWN_VALUE


def _text(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if arguments.positional and arguments.positional[0].is_only(values.META):
        return Value(values.STR, arguments.positional[0].origin)
    for value in arguments.all():
        frame.record(node, "format", value if value.kind & SIZE else UNKNOWN_VALUE)
    return values.STR_VALUE


def _absolute(_frame: Frame, arguments: Arguments, _node: Any) -> Value:
    if not arguments.positional:
        return UNKNOWN_VALUE
    given = arguments.positional[0]
    return values.constant(abs(given.const)) if isinstance(given.const, int | float) else given


def _getattr(frame: Frame, arguments: Arguments, node: Any) -> Value:
    name = arguments.positional[1].const if len(arguments.positional) > 1 else TOP
    if not isinstance(name, str):
        return UNKNOWN_VALUE
    found = frame.session.attribute(frame, arguments.positional[0], name, node)
    return values.join(found, arguments.positional[2]) if len(arguments.positional) > 2 else found


def _setattr(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if len(arguments.positional) == 3 and arguments.positional[0] == frame.own:
        frame.note_write(node, arguments.positional[2], str(arguments.positional[1].const))
    frame.register()
    return values.NONE_VALUE


def _dict(_frame: Frame, arguments: Arguments, _node: Any) -> Value:
    if arguments.positional or arguments.rest is not None:
        return (
            arguments.positional[0]
            if arguments.positional and arguments.positional[0].is_only(DICT)
            else values.DICT_VALUE
        )
    return Value(DICT, parts={**arguments.keywords})


def _map(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if len(arguments.positional) < 2:
        return values.LIST_VALUE
    callee, *sources = arguments.positional
    elements = [_element(frame, source, node) for source in sources]
    result = frame.session.call(frame, callee, Arguments(tuple(elements)), node)
    first = sources[0]
    if first.is_only(SEQ) and isinstance(first.parts, tuple) and first.origin & values.FEWER:
        return values.sequence([result] * len(first.parts), values.FEWER)
    return values.listing(result, _length_origin(first))


def _filter(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if len(arguments.positional) != 2:
        return values.LIST_VALUE
    callee, source = arguments.positional
    element = containers.iterate(frame, source, node.args[1] if len(node.args) == 2 else node)
    asked = element
    if not callee.is_only(values.NONE):
        asked = frame.session.call(frame, callee, Arguments((element,)), node)
    frame.record(node, "filter", asked)
    return values.listing(element)


def _divmod(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if len(arguments.positional) != 2:
        return UNKNOWN_VALUE
    for value in arguments.positional:
        frame.record(node, "number", value if value.kind & SIZE else UNKNOWN_VALUE)
    return values.sequence([values.INT_VALUE] * 2)


def reduce(frame: Frame, arguments: Arguments, node: Any) -> Value:
    """The result of functools.reduce(function, iterable), and of one with a first value."""
    if len(arguments.positional) < 2:
        return UNKNOWN_VALUE
    callee, source, *first = arguments.positional
    element = containers.iterate(frame, source, node.args[1] if len(node.args) > 1 else node)
    result = first[0] if first else element
    for _ in range(2):
        step = frame.session.call(frame, callee, Arguments((result, element)), node)
        result = values.join(result, step)
    return step if source.parts and len(source.parts) + len(first) > 1 else result


def _next(frame: Frame, arguments: Arguments, node: Any) -> Value:
    if not arguments.positional:
        return UNKNOWN_VALUE
    containers.take_out(frame, arguments.positional[0], node)
    return containers.element_of(arguments.positional[0])


def _power(_frame: Frame, arguments: Arguments, node: Any) -> Value:
    if len(arguments.positional) != 2:
        return UNKNOWN_VALUE
    return operators.binary(None, *arguments.positional)


def _super(frame: Frame, _arguments: Arguments, _node: Any) -> Value:
    owner, own = frame.routine.owner, frame.own
    return UNKNOWN_VALUE if owner is None or own is None else values.reference(Super(owner, own))


def _plain(result: Value) -> Handler:
    return lambda _frame, _arguments, _node: result


BUILTINS: dict[str, Handler] = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "reversed", "iter"), _same_elements),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("any", "all"), _quantifier),
    **dict.fromkeys(("str", "format", "repr", "ascii"), _text),
    **dict.fromkeys(("hasattr", "callable", "issubclass"), _plain(values.BOOL_VALUE)),
    **dict.fromkeys(("id", "hash", "ord"), _plain(values.INT_VALUE)),
    "print": _plain(values.NONE_VALUE),
    "range": _range,
    "len": _length,
    "sorted": _sorted,
    "enumerate": _enumerate,
    "zip": _zip,
    "sum": _sum,
    "isinstance": _isinstance,
    "type": _type,
    "abs": _absolute,
    "getattr": _getattr,
    "setattr": _setattr,
    "dict": _dict,
    "map": _map,
    "filter": _filter,
    "divmod": _divmod,
    "next": _next,
    "pow": _power,
    "super": _super,
}
