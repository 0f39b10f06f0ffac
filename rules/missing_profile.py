"""TensorRT engine of dynamic axes without a profile

## What happens
An engine is built for sizes. Where an axis is dynamic TensorRT has to be told the least, the usual and the largest
size by an optimization profile; without one the build fails: "Network has dynamic or shape inputs, but no
optimization profile has been defined".

## Example
```python
import tensorrt as trt
import torch


def export(model, x, path):
    torch.onnx.export(model, (x,), path, dynamic_shapes={"x": {0: "batch"}}, dynamo=True)


def build(onnx, flags):
    logger = trt.Logger()
    builder = trt.Builder(logger)
    network = builder.create_network(flags)
    trt.OnnxParser(network, logger).parse(onnx)
    config = builder.create_builder_config()
    return builder.build_serialized_network(network, config)  # TSL352
```

## Use instead
```python
import tensorrt as trt
import torch


def export(model, x, path):
    torch.onnx.export(model, (x,), path, dynamic_shapes={"x": {0: "batch"}}, dynamo=True)


def build(onnx, flags):
    logger = trt.Logger()
    builder = trt.Builder(logger)
    network = builder.create_network(flags)
    trt.OnnxParser(network, logger).parse(onnx)
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    profile.set_shape("x", (1, 3, 224, 224), (8, 3, 224, 224), (32, 3, 224, 224))
    config.add_optimization_profile(profile)
    return builder.build_serialized_network(network, config)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL352",
    severity="warning",
    since="0.1",
    help="add an optimization profile with the least, usual and largest sizes of each dynamic input",
)
def missing_profile(function: Function) -> Iterator[Finding]:
    for step in function.steps("unprofiled"):
        yield step, f"`{step.text}` fails: no profile says how large the dynamic axes get"
