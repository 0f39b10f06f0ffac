"""Recurrent layer called without an initial state

## What happens
`nn.LSTM`, `nn.GRU`, `nn.RNN` and their cells make a state of zeros where none is given. They make it with
`device=input.device` inside torch, and the trace records the example's device: on another one the traced model fails
with "Input and hidden tensors are not at the same device". The number of sequences is recorded and followed.

torch gives **no warning**, and no line of the model shows a device.

## Example
```python
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 6)

    def forward(self, x):
        return self.rnn(x)[0]  # TSL143
```
```python
class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 6)

    def forward(self, x):
        hidden, cell = self.cell(x)  # TSL143
        return hidden + cell
```

## Use instead
Give the state, made with `new_zeros`, which follows the device of the input:
```python
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 6)

    def forward(self, x):
        state = x.new_zeros(1, x.shape[1], 6)
        return self.rnn(x, state)[0]
```
```python
class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 6)

    def forward(self, x):
        zeros = x.new_zeros(x.shape[0], 6)
        hidden, cell = self.cell(x, (zeros, zeros))
        return hidden + cell
```
For a packed sequence take the number of sequences from its lengths.
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import NONE

LAYERS = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")


@source_rule("TSL143", severity="error", since="0.1", help="give it a state made with new_zeros")
def recurrent_state(function: Function) -> Iterator[Finding]:
    for call in function.calls(*LAYERS):
        state = call.arguments.get(1, "hx")
        if call.arguments.rest is None and (state is None or state.is_only(NONE)):
            yield call, f"its state of zeros stays on the example's device: `{call.text}` is given none"
