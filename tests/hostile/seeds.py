"""Sound TorchScript archives written without torch, which torch loads: what hostile ones are made from."""

from __future__ import annotations

from tests.hostile.pack import Part, pack
from tests.hostile.programs import dictionary, mark, memo, name, number, program, text, true, tuple_of

CODE = """\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    return torch.{operator}(x, self.weight)
"""
A, B = CODE.format(operator="add").encode(), CODE.format(operator="mul").encode()
MEMBER = "code/__torch__.py"


def storage(key: str = "0", kind: str = "FloatStorage", size: int = 6, device: str = "cpu") -> bytes:
    """A persistent id."""
    return tuple_of(text("storage"), name("torch", kind), text(key), text(device), number(size)) + b"Q"


def tensor(held: bytes | None = None, shape: tuple[int, ...] = (2, 3), stride: tuple[int, ...] = (3, 1)) -> bytes:
    """A call of _rebuild_tensor_v2."""
    sizes = [tuple_of(*map(number, given)) for given in (shape, stride)]
    hooks = name("collections", "OrderedDict") + b")R"
    given = tuple_of(storage() if held is None else held, number(0), *sizes, true(), hooks)
    return name("torch._utils", "_rebuild_tensor_v2") + given + b"R"


def instance(qualified: str = "__torch__ Net", **attributes: bytes) -> bytes:
    """An object of a class of the archive."""
    items = b"".join(text(key) + value for key, value in attributes.items())
    return name(*qualified.split()) + b")\x81" + dictionary(mark() + items + b"u") + b"b"


DATA = program(instance(weight=tensor(), training=true()) + memo(0))


def members(
    code: bytes = A,
    data: bytes = DATA,
    constants: bytes = program(b")"),
    *,
    root: str = "net",
    more: tuple[Part, ...] = (),
) -> list[Part]:
    """The members of an archive that torch loads."""
    return [
        Part(f"{root}/data/0", bytes(24)),
        Part(f"{root}/data.pkl", data),
        Part(f"{root}/{MEMBER}", code, deflated=True),
        Part(f"{root}/constants.pkl", constants),
        Part(f"{root}/version", b"3\n"),
        Part(f"{root}/byteorder", b"little"),
        *more,
    ]


def archive(
    code: bytes = A, data: bytes = DATA, constants: bytes = program(b")"), *, more: tuple[Part, ...] = ()
) -> bytes:
    """An archive that torch loads."""
    return pack(members(code, data, constants, more=more))
