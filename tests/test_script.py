"""What is compiled, as torch.jit.script has it, and what is refused in it; the classes of failure have pages."""

from __future__ import annotations

import pytest

from tsl.source import analyse
from tsl.source.facts import Refusal
from tsl.source.file import parse

HEAD = "import torch\nfrom torch import nn\nfrom typing import Dict, List, Optional\n\n\n"


def refused(text: str, *roots: str) -> list[tuple[int, str]]:
    """Line, from the text's own first, and class of what is refused."""
    found = analyse(parse("net.py", (HEAD + text).encode()), roots).functions
    facts = [fact for function in found for fact in function.facts if isinstance(fact, Refusal)]
    return sorted((fact.node.lineno - HEAD.count("\n"), fact.how) for fact in facts)


def net(body: str, init: str = "", more: str = "") -> str:
    """A module of these statements."""
    made = "".join(f"        {line}\n" for line in init.splitlines())
    ran = "".join(f"        {line}\n" for line in body.splitlines())
    start = f"    def __init__(self):\n        super().__init__()\n{made}" if init else ""
    return f"class Net(nn.Module):\n{start}    def forward(self, x):\n{ran}{more}"


def test_what_nothing_reaches_is_not_compiled() -> None:
    assert refused(net("return x", more="    def other(self, x):\n        return x.numpy()\n"), "Net") == []


@pytest.mark.parametrize("mark", ["torch.jit.export", "property"])
def test_exported_methods_and_properties_are_compiled_though_nothing_calls_them(mark: str) -> None:
    text = net("return x", more=f"    @{mark}\n    def other(self):\n        return undefined_name\n")
    assert refused(text, "Net") == [(6, "undefined")]


@pytest.mark.parametrize("mark", ["torch.jit.ignore", "torch.jit.unused"])
def test_ignored_methods_are_not_compiled(mark: str) -> None:
    text = net("return self.go(x)", more=f"    @{mark}\n    def go(self, x):\n        return (lambda y: y)(x)\n")
    assert refused(text, "Net") == []


def test_a_submodule_is_compiled_though_nothing_calls_it() -> None:
    sub = "class Sub(nn.Module):\n    def forward(self, x):\n        return (lambda y: y)(x)\n\n\n"
    assert refused(sub + net("return x", "self.sub = Sub()"), "Net") == [(3, "expression")]


def test_a_module_of_a_list_is_compiled() -> None:
    sub = "class Sub(nn.Module):\n    def forward(self, x):\n        return (lambda y: y)(x)\n\n\n"
    assert refused(sub + net("return x", "self.subs = nn.ModuleList([Sub()])"), "Net") == [(3, "expression")]


def test_the_frontend_refuses_dead_code_and_the_types_of_it_do_not_count() -> None:
    assert refused(net("if not torch.jit.is_scripting():\n    return missing(x)\nreturn x"), "Net") == []
    assert refused(net("if not torch.jit.is_scripting():\n    return {1, 2}\nreturn x"), "Net") == [(4, "expression")]


def test_what_stands_after_a_return_has_no_types() -> None:
    assert refused(net("return x\nreturn missing(x)"), "Net") == []


def test_only_a_constant_flag_prunes_an_arm() -> None:
    final = net("if self.flag:\n    return missing(x)\nreturn x", "self.flag = False").replace(
        "    def __init__", "    flag: torch.jit.Final[bool]\n\n    def __init__"
    )
    assert refused(final, "Net") == []
    assert refused(net("if self.flag:\n    return missing(x)\nreturn x", "self.flag = False"), "Net") == [
        (7, "undefined")
    ]


def test_an_attribute_that_is_none_prunes_an_arm() -> None:
    assert refused(net("if self.down is not None:\n    x = self.down(x)\nreturn x", "self.down = None"), "Net") == []


@pytest.mark.parametrize(
    "test", ["if y is None:\n        y = x", "y = x if y is None else y", "assert y is not None", "y = x"]
)
def test_a_name_is_known_not_to_be_none_after_a_test(test: str) -> None:
    assert refused(f"def f(x, y: Optional[torch.Tensor]):\n    {test}\n    return x + y\n", "f") == []


def test_every_refusal_of_a_module_is_told_at_once() -> None:
    text = net("a = x.numpy()\nb = torch.is_tensor(x)\nreturn missing(x)")
    assert [how for _, how in refused(text, "Net")] == ["attribute", "operator-missing", "undefined"]


def test_an_unknown_operand_is_never_refused() -> None:
    text = "from elsewhere import thing\n\n\ndef f(x):\n    y = thing(x)\n    return y.numpy() + y[0.5] + 'a'\n"
    assert refused(text, "f") == []


def test_without_a_root_the_modules_of_a_file_are_compiled_and_the_functions_it_scripts() -> None:
    text = "def f(x: torch.Tensor):\n    return x.numpy()\n"
    assert refused(text) == []
    assert refused(text + "\n\ntorch.jit.script(f)\n") == [(2, "attribute")]


def test_arguments_given_one_by_one_are_a_list_where_the_last_parameter_is_one() -> None:
    assert refused("def f(x):\n    return x.view(-1, x.size(0)).repeat(1, 2)\n", "f") == []
    assert refused("def f(x):\n    return torch.cat(x, x)\n", "f") == [(2, "argument")]


def test_type_comments_are_annotations() -> None:
    text = "def f(x, n):\n    # type: (torch.Tensor, int) -> torch.Tensor\n    return x.narrow(0, 0, n)\n"
    assert refused(text, "f") == []


def test_a_recursive_type_or_class_ends() -> None:
    assert refused("A = A\n\n\nclass B(B):\n    pass\n\n\ndef f(x: A, y: B):\n    return x\n", "f") == []


@pytest.mark.parametrize("text", ["hasattr(x, name)", "isinstance(x)", "getattr(x)", "getattr(x, name, 1)", "super()"])
def test_a_call_in_a_strange_form_ends(text: str) -> None:
    assert refused(f"def f(x, name: str):\n    {text}\n    return x\n", "f") in (
        [],
        [(2, "dynamic-attribute")],
        [(2, "signature")],
    )


def test_names_bound_by_a_refused_statement_are_refused_once() -> None:
    tried = "    try:\n        a = g(x)\n    except RuntimeError:\n        a = x\n    return a\n"
    text = f"def f(x):\n    def g(y):\n        return y\n\n{tried}"
    assert refused(text, "f") == [(2, "statement"), (5, "statement")]
