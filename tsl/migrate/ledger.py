"""What a migration has to touch: sites, and what was proved of them.

Needs nothing. It will never read a file or lay out a report.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.outcome import Failure
from tsl.record import Record

# What a site is, in the order in which people plan.
KINDS: Mapping[str, str] = {
    "capture": "a model is traced or scripted",
    "island": "a function or class is compiled inside a Python program",
    "branch": "data decides Python in what is captured, or becomes a number of Python",
    "onnx": "a model is exported to ONNX",
    "freeze": "a compiled module is optimized",
    "save": "an archive is written",
    "load": "an archive is read",
    "decorator": "a method is marked for the compiler",
    "guard": "code asks whether it is captured",
    "type": "a class of torch.jit is named",
    "language": "a word of the TorchScript language",
    "setting": "the executor is configured",
    "import": "a name is imported",
    "mention": "a comment or a text names it",
    "other": "something else of torch.jit or torch.onnx",
}
# How much of a person's attention a site asks for.
EFFORTS: Mapping[str, str] = {
    "none": "nothing has to be done",
    "small": "a line is rewritten as told",
    "medium": "the model has to go through torch.export, with its inputs",
    "large": "control flow or an interface has to be written anew",
}
STATUSES: Mapping[str, str] = {
    "works": "torch 2.13 has it and does not advise against it",
    "deprecated": "torch 2.13 has it and says that it will go",
    "gone": "torch 2.13 has no such name",
    "private": "no public name; any release may change it",
}


# What an export of the model proves or refutes: where it is captured, and what stands inside it.
CAPTURED = frozenset(["capture", "onnx"])
JUDGED = frozenset(["branch", "island", "guard", "language"])


class Site(Record):
    """One place. Lines and columns count from 1; `home` is the function or class around it, or nothing.

    `name` is the full name of what is used, `text` the code, `replacement` what to write instead, `why` what to know
    about it. `no_python_314` says that torch refuses or warns on Python 3.14.
    """

    path: str
    line: int
    column: int
    home: str
    kind: str
    name: str
    status: str
    effort: str
    text: str
    replacement: str = ""
    why: str = ""
    no_python_314: bool = False


class Proof(Record):
    """What torch.export made of an entry's model: nothing wrong, or the first error with the user's place in it.

    `files` are those of the classes the model is made of, so that a site in one of them is a site on its road.
    `inputs` and `dynamic` say what it was exported with; `difference` is the largest between the model's output and
    the exported program's, absolute.
    """

    entry: str
    passed: bool
    message: str = ""
    path: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    inputs: str = ""
    dynamic: str = ""
    difference: float | None = None


class Ledger(Record):
    """The sites of a project in the order of files and lines, the proofs, and what could not be read."""

    sites: tuple[Site, ...]
    proofs: tuple[Proof, ...] = ()
    files: int = 0
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()

    def proofs_of(self, site: Site) -> tuple[Proof, ...]:
        """The proofs of models on whose road a site lies."""
        return tuple(proof for proof in self.proofs if is_on_road(proof, site))


def is_on_road(proof: Proof, site: Site) -> bool:
    """Whether a model that was exported is made of what stands around a site, or comes from the file of a capture."""
    if site.kind in CAPTURED:
        return site.path == proof.files[0]
    inside = any(site.home == home or site.home.startswith(home + ".") for home in proof.homes)
    return site.kind in JUDGED and site.path in proof.files and inside
