"""What the exporters of torch.onnx lack of what is written in a model, by their tables.

`tsl.source.exporting.operators` asks it for each export that a file writes. Needs nothing until it is asked: most files
export nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.source.facts import Call


class Exporters:
    """The tables `onnx` and `onnx-dynamo`, as the source engine asks for them."""

    def watched(self) -> frozenset[str]:
        """The functions and methods of torch whose calls say which operators a graph holds."""
        from tsl.target.written import watched

        return watched()

    def lacking(self, call: Call, exporter: str, opset: int | None) -> tuple[str, str] | None:
        """The operator of a call that an exporter lacks, and the first later opset that has it, or nothing.

        An opset of None is any: lacking is then what the newest one does not have.
        """
        from tsl.target.named import Target
        from tsl.target.table import shipped
        from tsl.target.written import gaps_of, operators_of

        table = shipped(exporter)
        version = str(opset) if str(opset) in table.versions else table.versions[-1]
        target = Target(table.name, table, version)
        gaps = ((operator, gap) for operator in operators_of(call) for gap in gaps_of(operator, target))
        return next(((operator, gap.since) for operator, gap in gaps), None)
