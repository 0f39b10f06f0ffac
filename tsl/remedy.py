"""What mends findings, by name: what each fix does in words, and whether the program means the same after it.

A rule names its fix, pages and reports say so, and `tsl.fix` makes it. A table and nothing else; it will never hold how
a fix is made, which needs a library that most runs do not load.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.record import Record

SAFE, UNSAFE, DEPENDS = "safe", "unsafe", "depends"
ASKED_BY = {SAFE: "--fix", UNSAFE: "--fix --unsafe-fixes", DEPENDS: "--fix, in some places with --unsafe-fixes"}


class Remedy(Record):
    """A fix in words, as an order (`put eval() before the capture`), and whether it is safe everywhere.

    A fix is *safe* where the program does in eager mode what it did, or fails no longer, and nothing else changes but
    what the finding is about. Others ask for `--unsafe-fixes`.
    """

    title: str
    safety: str

    @property
    def asked_by(self) -> str:
        """The options of `tsl check` that ask for it."""
        return ASKED_BY[self.safety]


REMEDIES: Mapping[str, Remedy] = {
    # The export path
    "eval-before-capture": Remedy("call `eval()` on the model before the capture", DEPENDS),
    "no-grad-around-capture": Remedy("capture inside `torch.no_grad()`", DEPENDS),
    "eval-before-freeze": Remedy("call `eval()` on the module before it is frozen", SAFE),
    "keep-methods": Remedy("name the methods in the argument that keeps them", SAFE),
    "load-to-cpu": Remedy('load with `map_location="cpu"`', DEPENDS),
    "weights-only": Remedy("load with `weights_only=True`", UNSAFE),
    "right-loader": Remedy("read the file with the function for its kind", DEPENDS),
    "save-script": Remedy("save it with `torch.jit.save`", SAFE),
    "old-exporter": Remedy("say `dynamo=False`", SAFE),
    "drop-arguments": Remedy("leave out the arguments that are no longer taken", SAFE),
    "example-on-device": Remedy("make the example on the model's device", SAFE),
    "example-of-dtype": Remedy("make the example with the model's dtype", SAFE),
    # What torch.jit.script takes
    "annotate-default": Remedy("annotate the parameter with the type of its default", SAFE),
    "annotate-container": Remedy("annotate the empty container with what it is to hold", SAFE),
    "float-literal": Remedy("write the number as a float", SAFE),
    "drop-annotation": Remedy("leave the annotation out", SAFE),
    "write-out-operator": Remedy("write the operation out", DEPENDS),
    "compare-equal": Remedy("compare with `==`", SAFE),
    "choose-number": Remedy("choose the number with `if`", SAFE),
    "optional-value": Remedy("ask `is not None`, of a local name where it is an attribute", DEPENDS),
    "context-for-decorator": Remedy("write the decorator as a `with` block", SAFE),
    "loop-over-modules": Remedy("loop over the modules themselves", DEPENDS),
    "constant-as-attribute": Remedy("make the constant an attribute of the module", SAFE),
    "container-of-modules": Remedy("hold the modules in a ModuleList or ModuleDict", UNSAFE),
    "start-with-tensor": Remedy("start with a tensor of zero", UNSAFE),
    # What a trace follows
    "size-arithmetic": Remedy("compute with the size itself", DEPENDS),
    "detached": Remedy("use `detach()`", SAFE),
    "follow-tensor": Remedy("make it from the tensor it is to follow", DEPENDS),
    "copy-in-graph": Remedy("copy or join the tensors in the graph", DEPENDS),
    "hand-on-mode": Remedy("hand on `training=self.training`", UNSAFE),
    # Comments
    "drop-suppression": Remedy("take the comment out, or the names in it that do nothing", SAFE),
}
