"""What the pickles of an archive hold, as plain data.

Numbers, strings, None, tuples, lists and dicts stand for themselves; this module has the rest. Needs nothing. It will
never hold the data of a tensor.
"""

from __future__ import annotations

from typing import Any

from tsl.record import Record


class Tensor(Record):
    """The description of a tensor. `dtype` is torch's name without its module (`float32`), `device` as it is written
    in the archive (`cpu`, `cuda:0`), `shape` and `stride` count elements, `offset` is in elements of the storage, and
    `storage` is the key of the storage's record under `data/` or `constants/`.
    """

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    device: str
    storage: str
    storage_size: int
    requires_grad: bool = False
    quantizer: tuple[Any, ...] = ()


class Device(Record):
    """A `torch.device`, as text: `cpu`, `cuda:0`."""

    text: str


class Object(Record):
    """An instance of a class of the archive: its qualified name (`__torch__.net.Net`) and its attributes in order.

    `state` holds what is no dictionary of attributes, such as the state of a custom class.
    """

    type: str
    attributes: dict[str, Any]
    state: Any = None


class EnumMember(Record):
    """A member of an enum class of the archive, by its value."""

    type: str
    value: Any


class Typed(Record):
    """A container whose type the pickle names (`restore_type_tag`): `List[int]`."""

    value: Any
    type: str


class Unresolved(Record):
    """Something that only a call or a look-up would make: the name that is asked for and what it is given, as data."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
