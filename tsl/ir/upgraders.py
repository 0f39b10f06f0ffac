"""What operators of archives of old versions mean now.

PyTorch keeps what an operator did at an earlier version of the operator set (torch/csrc/jit/operator_upgraders). Of its
entries only one changes what a graph looks like: before version 4, `aten::div` divided integers without a remainder.
Old forms of the other operators are still overloads of today's.
"""

from __future__ import annotations

from tsl.ir.inline_form import Region

DIV_UNTIL = 3


def upgrade(region: Region, version: int) -> None:
    """Puts what an operator of a version means in its place."""
    if version > DIV_UNTIL:
        return
