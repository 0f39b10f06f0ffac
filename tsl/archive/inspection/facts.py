"""What is known of an archive that was looked into: an Inspection and the values it is made of.

Needs nothing of the archive. Every number is counted from the file; None, an empty text and an empty tuple say that the
file has no such thing, or that its kind is not read so far. It will never hold the data of a tensor.
"""

from __future__ import annotations

from tsl.record import Record


class Part(Record):
    """A part of the file: how many members, and how many bytes they take in the file."""

    name: str
    members: int
    bytes: int


class Versions(Record):
    """The operator version, by both records that may hold it, None where there is no such record or no number in it.

    `counts` is the one torch goes by: `.data/version` where there is one. `runtime` is the first release of PyTorch
    that reads it, empty where none is known to. `bytecode` is the version of what the lite interpreter runs.
    """

    record: int | None = None
    data_record: int | None = None
    runtime: str = ""
    bytecode: int | None = None

    @property
    def counts(self) -> int | None:
        """The version torch goes by."""
        return self.record if self.data_record is None else self.data_record


class Parameter(Record):
    """A parameter of a method: its name, its type as TorchScript writes it, its default or nothing."""

    name: str
    type: str
    default: str = ""


class Method(Record):
    """A method that can be called once the archive is loaded."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str

    @property
    def signature(self) -> str:
        """As Python writes it: `forward(x: Tensor, scale: float = 1.0) -> Tensor`."""
        taken = (f"{one.name}: {one.type}" + (f" = {one.default}" if one.default else "") for one in self.parameters)
        return f"{self.name}({', '.join(taken)}) -> {self.returns}"


class TensorNote(Record):
    """A tensor by its name, dtype, shape and device."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    device: str

    @property
    def text(self) -> str:
        """`float32[1, 3, 224, 224]`, with its device where that is not the CPU."""
        device = "" if self.device in {"", "cpu"} else f" on {self.device}"
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]{device}"


class Module(Record):
    """A module of the tree: its path (empty for the outermost), its class without what torch adds to tell instances
    apart, its training flag where it has one, and the elements of its own parameters and buffers.

    `look` is the same number for modules that are alike: class, tensors' dtypes and shapes, and submodules.
    """

    path: str
    type: str
    training: bool | None
    parameters: int
    buffers: int
    look: int


class TensorGroup(Record):
    """Tensors of one role, dtype and device; what shares memory counts once.

    Roles are `parameter`, `buffer`, `attribute`, and `tensor` in a checkpoint, which does not tell.
    """

    role: str
    dtype: str
    device: str
    tensors: int
    elements: int
    bytes: int


class Operator(Record):
    """An operator and how many places in the code call it, each counted once however often the class is used."""

    name: str
    calls: int

    @property
    def namespace(self) -> str:
        """The part before the colons."""
        return self.name.partition("::")[0]


class Library(Record):
    """A namespace of operators or classes that is not PyTorch's own, and the library that brings it, if known."""

    namespace: str
    library: str


class DeviceLiteral(Record):
    """A device that the code names, whatever device the model is moved to; and a line it is named in."""

    device: str
    member: str
    line: int


class Example(Record):
    """The inputs that a method was traced with."""

    method: str
    tensors: tuple[TensorNote, ...]


class Remark(Record):
    """Something to be wary of. `about` is `zip`, `pickle`, `code` or `path`; `name` is that of the trick or problem."""

    about: str
    name: str
    member: str
    message: str


class Needs(Record):
    """The first release of PyTorch that has all operators of the model, and the operator that sets it.

    `by` is empty where the record of the version sets it. `is_oldest` says that it is the first release that is known,
    and an earlier one may do; not `is_whole` that some of the code could not be read, and a later one may be needed.
    """

    runtime: str
    by: str = ""
    is_oldest: bool = False
    is_whole: bool = True


class Inspection(Record):
    """What is known of a file."""

    path: str
    kind: str
    title: str
    loader: str
    size: int
    members: int = 0
    parts: tuple[Part, ...] = ()
    versions: Versions = Versions()
    byteorder: str = ""
    methods: tuple[Method, ...] = ()
    modules: tuple[Module, ...] = ()
    tensors: tuple[TensorGroup, ...] = ()
    operators: tuple[Operator, ...] = ()
    libraries: tuple[Library, ...] = ()
    devices: tuple[DeviceLiteral, ...] = ()
    constants: tuple[TensorNote, ...] = ()
    examples: tuple[Example, ...] = ()
    extra: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    needs: Needs | None = None
