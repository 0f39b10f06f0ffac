"""How pictures look: colors by role in light and dark, and which roles a kind or a tone of a picture takes.

Definitions:
1. A *role* has a color for light paper and one for dark. Hues are those of Okabe and Ito ("Color universal design",
   2008), darkened or lightened until text on them reads well; none is told apart by red against green alone.
2. No meaning is in a color alone: a finding has its code, a difference its sign, what is lost its dashes.

Needs nothing. It will never know a form of output.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.record import Record

ROLES: Mapping[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#0d1117"),
    "ink": ("#1f2933", "#e6edf3"),
    "muted": ("#5f6b7a", "#9aa7b4"),
    "plain": ("#ffffff", "#161b22"),
    "plain-line": ("#5f6b7a", "#7d8997"),
    "input": ("#e8f0fe", "#14263d"),
    "output": ("#e6f4ea", "#12301f"),
    "control": ("#f3e8fd", "#2a1a3a"),
    "control-line": ("#8e5cc4", "#b794e6"),
    "module": ("#eef2f6", "#1f2630"),
    "module-line": ("#9aa5b1", "#4d5866"),
    "room": ("#f6f7f9", "#141a21"),
    "repeat": ("#eaf3fa", "#10202d"),
    "repeat-line": ("#2b7fb3", "#56b4e9"),
    "fusion": ("#fdf3dc", "#2c2410"),
    "fusion-line": ("#b07400", "#e69f00"),
    "error": ("#fde0d3", "#4a1f0e"),
    "error-line": ("#c04a00", "#ff8a4c"),
    "warning": ("#fdf0cf", "#3f3000"),
    "warning-line": ("#b07400", "#e69f00"),
    "info": ("#dcedf9", "#0d3049"),
    "info-line": ("#0072b2", "#56b4e9"),
    "added": ("#d5f2e6", "#06382a"),
    "added-line": ("#007a5a", "#2fd0a0"),
    "removed": ("#fde0d3", "#4a1f0e"),
    "removed-line": ("#c04a00", "#ff8a4c"),
    "changed": ("#fdf0cf", "#3f3000"),
    "changed-line": ("#b07400", "#e69f00"),
    "transfer": ("#f8e4f1", "#3c1632"),
    "transfer-line": ("#a0488c", "#e08fc4"),
}


class Paint(Record):
    """The roles of a fill and a line, with the width of the line in points and its style (solid, dashed, dotted)."""

    fill: str
    line: str
    width: float = 1
    style: str = "solid"


BOX: Mapping[str, tuple[str, Paint]] = {  # with the shape, in Graphviz's words
    "input": ("ellipse", Paint("input", "plain-line")),
    "operator": ("box", Paint("plain", "plain-line")),
    "control": ("hexagon", Paint("control", "control-line")),
    "end": ("box", Paint("control", "control-line")),
    "module": ("box3d", Paint("module", "plain-line")),
    "part": ("folder", Paint("module", "plain-line")),
    "statement": ("box", Paint("plain", "plain-line")),
    "output": ("ellipse", Paint("output", "plain-line")),
}
CLUSTER: Mapping[str, Paint] = {
    "module": Paint("room", "module-line"),
    "control": Paint("paper", "control-line", style="dashed"),
    "block": Paint("paper", "control-line", style="dotted"),
    "repeat": Paint("repeat", "repeat-line", 1.5),
    "fusion": Paint("fusion", "fusion-line", 2, "dashed"),
}
EDGE: Mapping[str, Paint] = {
    "value": Paint("", "plain-line"),
    "back": Paint("", "plain-line", style="dashed"),
    "flow": Paint("", "plain-line"),
}
TONE: Mapping[str, Paint] = {
    "error": Paint("error", "error-line", 2.5),
    "warning": Paint("warning", "warning-line", 2),
    "info": Paint("info", "info-line", 1.5),
    "added": Paint("added", "added-line", 2),
    "removed": Paint("removed", "removed-line", 2, "dashed"),
    "changed": Paint("changed", "changed-line", 2),
    "transfer": Paint("transfer", "transfer-line", 2),
    "sync": Paint("error", "error-line", 2, "dotted"),
    "lost": Paint("plain", "error-line", 1.5, "dashed"),
    "solid": Paint("plain", "ink", 1.5),
}
SIGNS: Mapping[str, str] = {"added": "+ ", "removed": "\N{MINUS SIGN} ", "changed": "~ "}


def light(role: str) -> str:
    """The color of a role on light paper."""
    return ROLES[role][0]


def dark(role: str) -> str:
    """The color of a role on dark paper."""
    return ROLES[role][1]
