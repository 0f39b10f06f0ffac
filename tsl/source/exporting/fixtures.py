"""What a test framework gives a test: the result of the fixture that a parameter is named after.

Needs the functions of one file. It will never look for fixtures in other files.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.exporting.given import Given
from tsl.source.tree import decorator_names, walk

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def given(run: Run, node: Any) -> dict[str, Any]:
    """The results of the fixtures that a function's parameters are named after, by name."""
    functions = run.module.names.functions
    found = {one.arg: functions[one.arg] for one in node.args.args if one.arg in functions}
    fixtures = {name: made for name, made in found.items() if "fixture" in decorator_names(made) and made is not node}
    return {name: _result(run, made) for name, made in fixtures.items()}


def _result(run: Run, fixture: Any) -> Any:
    nothing = Given((), given(run, fixture), None, fixture)
    hands_over = any(isinstance(one, _ast.Yield) for one in walk(fixture.body))
    return run.reader.call(run, fixture, run.module, None, nothing, is_opening=hands_over)
