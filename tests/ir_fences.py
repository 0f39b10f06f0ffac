"""What tsl's own rules find in the `ir` fences of pages: graph text, each node at the line of the fence it stands on.

Lines `# target: onnx:13` of a fence name the targets. Needs the text form of graphs. It will never hold an assertion.
"""

from __future__ import annotations

import re

from tests.fences import RULEBOOK
from tsl.ir.deploy import Deploy
from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.graph import Graph
from tsl.ir.text import read_graph
from tsl.page import Fence, Page
from tsl.rule import Verdict, verdicts
from tsl.target.facts import TargetFacts
from tsl.target.named import targets

IR_RULES = tuple(rule for rule in RULEBOOK.rules if rule.engine == "ir")
TARGET_RULES = tuple(rule for rule in RULEBOOK.rules if rule.engine == "target")
TARGET = re.compile(r"^# target: (\S+)$", re.M)
# What a fence says that it is, and the deployment it is judged under.
LANGUAGES = {"ir": None, "ir cuda": Deploy("cuda:0")}
_NODE = re.compile(r"^\s+[^#]* = [^#]*\)")  # what defines something, up to its comments


def ir_fences(page: Page) -> list[Fence]:
    """The fences of a page that hold graphs."""
    return [fence for fence in page.fences if fence.language in LANGUAGES]


def graph_of(code: str) -> Graph:
    """The graph of a fence; its nodes come from the lines they stand on, of a file called `fence`."""
    lines = []
    for number, line in enumerate(code.splitlines(), 1):
        node = _NODE.match(line)
        lines.append(f"{node[0]} # fence:{number}:0" if node else line)
    return read_graph("\n".join(lines))


def verdicts_on(code: str, language: str = "ir") -> dict[int, list[tuple[str, Verdict]]]:
    """Line to the findings that are there, each with its rule's code."""
    facts = GraphFacts([graph_of(code)], deploy=LANGUAGES[language])
    held = TargetFacts(facts, targets(TARGET.findall(code)))
    asked = [(rule, facts) for rule in IR_RULES] + [(rule, held) for rule in TARGET_RULES]
    found: dict[int, list[tuple[str, Verdict]]] = {}
    for rule, subject in asked:
        for verdict in verdicts(rule, subject):
            if rule.engine == "ir" and not isinstance(verdict.node, NodeFact):
                continue  # an input that nothing reads is on no line
            frame = getattr(verdict.node, "frame", None)
            found.setdefault(frame.line if frame else 0, []).append((rule.code, verdict))
    return found


def codes_on(code: str, language: str = "ir") -> dict[int, set[str]]:
    """Line to the codes of the findings that are there."""
    return {line: {code for code, _ in found} for line, found in verdicts_on(code, language).items()}
