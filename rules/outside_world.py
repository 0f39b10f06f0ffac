"""File, environment or clock read while the model runs

## What happens
`os.getenv`, `open`, `np.load`, `input`, `time.time` and their kin are asked once, while tracing, and the answer is a
constant of the traced model. Variables set where the model is deployed, another file, another day change nothing; the
file need not even exist there.

torch gives **no warning**. `print` and logging are lost in the same way, but nothing depends on them, and they are not
reported.

## Example
```python
import os


def forward(self, x):
    return x * float(os.environ.get("GAIN", "1"))  # TSL137
```

## Use instead
Read it when the model is made, where the reader of the code expects a constant:
```python
import os


class Gain(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = float(os.environ.get("GAIN", "1"))

    def forward(self, x):
        return x * self.gain
```
Or take it as an argument:
```python
def forward(self, x, gain):
    return x * gain
```

## Silent cases
```python
def forward(self, x):
    if not torch.jit.is_tracing():
        print(x.shape)
    return x * 2
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

ASKED = """open input getenv get getpid listdir getmtime time time_ns perf_counter perf_counter_ns
monotonic monotonic_ns process_time now utcnow today uuid1 uuid4 load loadtxt fromfile""".split()
PLACES = ("builtins.", "os.", "time.", "datetime.", "uuid.", "numpy.", "torch.load")


@source_rule("TSL137", severity="warning", since="0.1", help="read it when the model is made, or take it as argument")
def outside_world(function: Function) -> Iterator[Finding]:
    for call in function.calls(*ASKED):
        if call.path.startswith(PLACES):
            yield call, f"tracing keeps the answer it got: `{call.text}` is not asked again"
