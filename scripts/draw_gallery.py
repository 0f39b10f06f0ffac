#!/usr/bin/env python3
"""Draws the pictures of docs/gallery.md, and writes that page.

usage: draw_gallery.py [MODELS]

MODELS holds silero_vad.jit and timm's resnet18 and swin_tiny (`make build/pictures/.models`). The models of fixtures
are exported by torch and saved into a temporary directory first. A picture is made by the command that stands under it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import types
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.cli import main as tsl  # noqa: E402 - after the path that leads to tsl

PAGE, PICTURES = ROOT / "docs" / "gallery.md", ROOT / "docs" / "gallery"
LARGEST = 120_000  # bytes of a committed picture
HEAD = """\
# Gallery

Pictures that `tsl graph` makes, each by the command under it; `make gallery` makes them again. They are SVG: a browser
shows them in its dark colors where the system is dark, and tells more of a box or an edge that is pointed at. The same
command with `-o model.html` makes a page to search, to move in, and to close and open modules of.
"""


class Entry(NamedTuple):
    """A picture: the name of its file, a title, what there is to see, and the arguments of `tsl graph`."""

    name: str
    title: str
    text: str
    arguments: tuple[str, ...]


ENTRIES = (
    Entry(
        "decoder-source",
        "What tracing loses, beside the source",
        "A greedy decoder. The `while` runs as often as it did for the example input: its ways are dashed.",
        ("fixtures/models/greedy_decoder.py:GreedyDecoder", "--source"),
    ),
    Entry(
        "pad-source",
        "A branch on a size",
        "Whether the image is padded was decided by the example: one of the two dashed ways is gone.",
        ("fixtures/models/pad_to_multiple.py:PadIfNeeded", "--source"),
    ),
    Entry(
        "experts-source",
        "A mixture of experts",
        "Experts that the example did not need are not in the trace; what waits for the GPU is blue.",
        ("fixtures/models/moe_routing.py:SkippingExperts", "--source"),
    ),
    Entry(
        "decoder-cuda",
        "The recogniser around it, on a GPU",
        "Around its finding alone: how much `nonzero` finds is not known before the device has answered.",
        ("greedy_decoder.pt", "--deploy", "cuda", "--findings", "--radius", "2"),
    ),
    Entry(
        "frozen-cuda",
        "A frozen model on a GPU",
        "Freezing made constants of the weights, and `.to` moves nothing any more: where the first run on a GPU fails.",
        ("transformer_block.pt", "--deploy", "cuda:frozen", "--findings", "--radius", "2"),
    ),
    Entry(
        "transformer",
        "A transformer block, with shapes",
        "Traced; the shapes on the edges follow from the inputs that the trace recorded.",
        ("transformer_block.pt", "--focus", "blocks.0", "--radius", "1"),
    ),
    Entry(
        "resnet18",
        "resnet18 of timm, its stages",
        "Two levels of modules are open; what is deeper is one box each.",
        ("timm_resnet18.trace.pt", "--depth", "1"),
    ),
    Entry(
        "swin-stage",
        "A stage of swin_tiny",
        "Blocks that repeat are drawn once, with their number.",
        ("timm_swin_tiny_patch4_window7_224.trace.pt", "--focus", "layers.2", "--depth", "3"),
    ),
    Entry(
        "silero-vad",
        "silero_vad.jit",
        "Around its findings: branches of the compiled code that differ in what the model was saved for.",
        ("silero_vad.jit", "--findings", "--radius", "2"),
    ),
)


def main() -> int:
    models = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "pictures").resolve()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        for name in ("greedy_decoder", "transformer_block"):
            export(name, Path(made))
        failed = [entry.name for entry in ENTRIES if not draw(entry, [models, Path(made), ROOT])]
    for old in sorted(PICTURES.glob("*.svg")):
        if old.stem not in {entry.name for entry in ENTRIES}:
            old.unlink()
    PAGE.write_text(page(), encoding="utf-8")
    return 1 if failed else 0


def export(name: str, directory: Path) -> None:
    """Saves a model of fixtures, traced with its example."""
    import torch

    warnings.simplefilter("ignore")
    module = types.ModuleType(name)
    path = Path("fixtures", "models", f"{name}.py")
    code = compile((ROOT / path).read_text(encoding="utf-8"), str(path), "exec")
    sys.modules[name] = module
    exec(code, module.__dict__)
    model, inputs, _ = module.examples()
    saved = torch.jit.trace(model.eval(), inputs, check_trace=False)
    torch.jit.save(saved, str(directory / f"{name}.pt"))


def draw(entry: Entry, places: Sequence[Path]) -> bool:
    """Makes the picture of an entry; whether that could be done."""
    word, *rest = entry.arguments
    path, _, named = word.partition(":")
    (found, *_) = [place / path for place in places if (place / path).is_file()] or [Path(path)]
    target = PICTURES / f"{entry.name}.svg"
    subject = f"{found}:{named}" if named else str(found)
    os.chdir(ROOT)  # places are written from there
    code = tsl(["graph", subject, *rest, "--isolated", "-o", str(target)])
    if code == 0 and target.stat().st_size > LARGEST:
        print(f"{target.name}: {target.stat().st_size:,} bytes are too much to commit; draw less", file=sys.stderr)
        return False
    return code == 0


def section(entry: Entry) -> str:
    """The part of the page for an entry."""
    command = " ".join(["tsl graph", *entry.arguments, "-o", f"{entry.name}.svg"])
    picture = f"![{entry.title}](gallery/{entry.name}.svg)"
    return f"## {entry.title}\n\n{entry.text}\n\n{picture}\n\n```console\n$ {command}\n```\n"


def page() -> str:
    """The text of docs/gallery.md."""
    return "\n".join([HEAD, *map(section, ENTRIES)])


if __name__ == "__main__":
    sys.exit(main())
