"""Tensor made on the example's device

## What happens
`torch.zeros`, `torch.arange`, `torch.tensor` and the other functions that make a tensor out of nothing are recorded
with a device. `device=x.device` asks for it while tracing, and the graph says "cpu" from then on. `traced.to("cuda")`
does not move it, nor does `map_location`: the first operation that joins it with an input fails.

torch gives **no warning**. A tensor without dimensions is a warning, for operations take one from the CPU beside
tensors of another device; one with dimensions is an error.

## Example
```python
def forward(self, x):
    position = torch.arange(x.shape[-1], device=x.device)  # TSL141
    return x + position
```
```python
def forward(self, x):
    scale = x.new_tensor([1.0, 2.0, 3.0])  # TSL141
    return x * scale
```
```python
def forward(self, x):
    return x.sum(), torch.zeros((), device=x.device)  # TSL141
```

## Use instead
`new_zeros`, `new_full` and their kin, `zeros_like` and its kin, all without `device=`, follow the device of a tensor.
Positions are a sum of ones:
```python
def forward(self, x):
    position = x.new_ones(x.shape[-1]).cumsum(0) - 1
    return x + position
```
A table belongs in a buffer, which moves with the model:
```python
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x):
        return x * self.scale
```
Whatever is made on the wrong device, `type_as` moves to that of a tensor, and is recorded so. `.to(x)` is not: it
bakes the device as well.
```python
def forward(self, x):
    return x + torch.arange(x.shape[-1]).type_as(x)
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import SEQ, TENSOR, UNKNOWN

FACTORIES = """zeros ones full empty arange range linspace logspace eye rand randn randint randperm normal
tril_indices triu_indices sparse_coo_tensor sparse_csr_tensor hann_window hamming_window bartlett_window
blackman_window kaiser_window scalar_tensor Tensor FloatTensor DoubleTensor HalfTensor LongTensor IntTensor
ShortTensor CharTensor ByteTensor BoolTensor empty_strided fftfreq rfftfreq
generate_square_subsequent_mask""".split()
COPIERS = "tensor as_tensor asarray new_tensor from_numpy".split()
FOLLOWERS = """new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like rand_like randn_like
randint_like""".split()


@source_rule(
    "TSL141",
    severity="error",
    since="0.1",
    help="use new_zeros or zeros_like, a buffer, or type_as(x)",
    fix="follow-tensor",
)
def baked_device(function: Function) -> Iterator[Finding]:
    copies = {id(use.node) for use in function.conversions("constructor") if not use.depends_on.only_static}
    elsewhere = function.taken_out() | {id(call.node.func.value) for call in function.calls("type_as")}
    for call in (call for call in function.calls(*FACTORIES, *COPIERS, *FOLLOWERS) if "training" not in call.inside):
        first = call.arguments.get(0, "size")
        drawn = call.name == "normal" and first is not None and first.may_be(TENSOR | UNKNOWN)
        follows = call.name in FOLLOWERS and "device" not in call.arguments.keywords
        if id(call.node) in copies | elsewhere or drawn or follows or not call.path.startswith("torch."):
            continue
        single = call.name == "scalar_tensor" or (first is not None and first.parts == ())
        copied = call.name in COPIERS and not (first is not None and first.is_only(SEQ))
        severity = Severity.WARNING if single or copied else Severity.ERROR
        yield call, f"the graph makes this on the example's device, wherever it runs: `{call.text}`", severity
