"""TensorRT network without an explicit batch

## What happens
Before TensorRT 10 `create_network()` makes a network whose batch is implicit, and the ONNX parser refuses it: "In
explicit batch mode only". From TensorRT 10 on there is no other mode, and the flag is taken and ignored.

## Example
```python
import tensorrt as trt


def build(onnx):
    logger = trt.Logger()
    builder = trt.Builder(logger)
    network = builder.create_network()  # TSL351
    trt.OnnxParser(network, logger).parse(onnx)
    return builder.build_serialized_network(network, builder.create_builder_config())
```

## Use instead
```python
import tensorrt as trt


def build(onnx):
    logger = trt.Logger()
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))
    trt.OnnxParser(network, logger).parse(onnx)
    return builder.build_serialized_network(network, builder.create_builder_config())
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL351",
    severity="info",
    since="0.1",
    help="pass 1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH), which later versions ignore",
)
def implicit_batch(function: Function) -> Iterator[Finding]:
    for step in function.steps("implicit"):
        yield step, f"the ONNX parser of TensorRT before 10 refuses what `{step.text}` makes"
