"""Size of an input where only a plain number will do

## What happens
Most functions of torch take a recorded size and follow it: `view`, `expand`, `arange`, `narrow`, `topk`, the padding of
`F.pad`, the size of `F.interpolate`. Some arguments are plain ints to torch: the groups and strides of a convolution,
the shifts of `roll`, the number of chunks, a kernel size or output size given as one number. There the size is
converted on the way in, and the graph holds the example's number. So it is with a list that is indexed with, or
repeated by, a size.

Almost all of these give **no warning**. At another size the traced model shifts by the old amount, pools to the old
size, or fails. (torch 2.4 and 2.7 refuse to trace a shift that is a plain size: "`shifts` required".)

## Example
```python
def forward(self, x):
    return torch.roll(x, x.shape[1] // 2, 1)  # TSL117
```
```python
def forward(self, x, weight):
    n, c, h, w = x.shape
    out = F.conv2d(x.reshape(1, n * c, h, w), weight.flatten(0, 1), padding=1, groups=n)  # TSL117
    return out.reshape(n, -1, h, w)
```
```python
def forward(self, x):
    rows = [x[0]] * x.shape[0]  # TSL117
    return torch.stack(rows)
```

A flag, and the scale of `F.interpolate`, are refused: while tracing, a comparison of a size is a tensor, and so is a
quotient. What fails is the capture itself: "argument 'is_causal' must be bool, not Tensor".
```python
def forward(self, q):
    n = q.shape[-2]
    return F.scaled_dot_product_attention(q, q, q, is_causal=n > 1)  # TSL117
```
```python
def forward(self, low, high):
    scale = high.shape[-1] / low.shape[-1]
    return F.interpolate(low, scale_factor=scale)  # TSL117
```

## Use instead
Give `F.interpolate` the size, `high.shape[-2:]`, and make a mask of positions for what a flag would say.
`roll` and the pools follow a size that comes in a tuple:
```python
def forward(self, x):
    return torch.roll(x, (x.shape[1] // 2,), (1,))
```
A convolution with a kernel for each sample is a batched product:
```python
def forward(self, x, weight):
    patches = F.unfold(x, 3, padding=1)
    return (weight.flatten(2) @ patches).unflatten(-1, x.shape[-2:])
```
What repeats a tensor is `expand`; what looks up a table is an index into a tensor:
```python
def forward(self, x):
    return x[0].expand(x.shape[0], -1)
```

## Silent cases
Sizes that index, slice or shape a tensor are recorded:
```python
def forward(self, x):
    n, length = x.shape
    y = F.interpolate(x[None, None], size=(2 * n, length))[0, 0, :n]
    position = x.new_ones(length).cumsum(0)
    return y.reshape(n, length) + position + x.narrow(1, length - 1, 1) + x[n - 1]
```
docs/measurements/baked-arguments.md in tsl's repository lists what was measured, argument by argument.
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL117",
    severity="error",
    since="0.1",
    help="give the size in a tuple where that is followed, or use an operation that follows it, such as expand",
)
def baked_size_argument(function: Function) -> Iterator[Finding]:
    for use in function.conversions("index", "argument"):
        if use.depends_on.size and not use.only_checks:
            yield use, f"tracing keeps the example input's number: `{use.text}` depends on a size, taken as an int"
    for given in function.events("refused"):
        if given.depends_on.size:
            yield (
                given,
                f"tracing ends in a TypeError: `{given.text}` depends on a size, and is taken as a plain number",
            )
