"""The models of fixtures/models do under trace what their marks say; needs torch.

A marked file's trace must differ from the model on its other inputs, an unmarked one's must agree; and torch itself
warns on no line that is not marked. That tsl finds the marks and nothing else is tests/test_fixtures.py.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

MODELS = sorted((Path(__file__).parent.parent / "fixtures" / "models").glob("*.py"))
# What torch does not warn about; the other marks stand where it does.
SILENT = {"TSL109", "TSL112", "TSL115"}


def marks(path: Path) -> dict[int, str]:
    """Line to code."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return {number: found[1] for number, line in lines if (found := re.search(r"# (TSL\d{3})$", line))}


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"fixture_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(model: Any, inputs: tuple[Any, ...]) -> Any:
    """What the model returns, or the type of what it raises."""
    try:
        with torch.no_grad():
            return model(*inputs)
    except (RuntimeError, AssertionError) as error:
        return type(error)


def agree(one: Any, other: Any) -> bool:
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
        return one is other
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_marked_exactly_where_tracing_loses_something(path: Path) -> None:
    model, inputs, others = load(path).examples()
    model.eval()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        traced = torch.jit.trace(model, inputs, check_trace=False)
    warned = {
        one.lineno for one in heard if issubclass(one.category, torch.jit.TracerWarning) and one.filename == str(path)
    }
    expected = marks(path)
    assert agree(answer(model, inputs), answer(traced, inputs))
    assert agree(answer(model, others), answer(traced, others)) is not bool(expected)
    assert warned == {line for line, code in expected.items() if code not in SILENT}
