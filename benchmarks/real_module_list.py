"""The real modules that torch.jit.script and tsl are both asked about: which, and how each is made.

Needs torch and the libraries in a directory. A module is made on the device `meta` where that can be done, so that its
size does not matter; what neither way makes is left out. It will never download a weight or run a model.

1. timm: one variant of each file of models, the first by name.
2. torchvision and torchaudio: every model by name, one of each family, and the modules of `ops` and `transforms`.
3. segmentation_models_pytorch: every architecture over one encoder.
4. kornia and torch_geometric: every class of modules that the arguments of ARGUMENTS can make.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

Maker = Callable[[], nn.Module]
Named = tuple[str, Maker]

# What a required parameter of a constructor is given, by its name.
ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(("in_channels", "out_channels", "hidden_channels", "channels", "in_dim", "out_dim"), 8),
    **dict.fromkeys(("in_features", "out_features", "hidden_size", "input_size", "embed_dim", "d_model", "dim"), 8),
    **dict.fromkeys(("num_channels", "emb_dim", "feature_dim", "patch_size", "n_mels", "num_features"), 8),
    **dict.fromkeys(("num_layers", "num_classes", "num_heads", "heads", "nhead", "num_relations", "K", "k"), 2),
    **dict.fromkeys(("num_nodes", "num_embeddings", "num_types", "num_edge_types", "num_blocks", "num_groups"), 2),
    **dict.fromkeys(("kernel_size", "size", "kernel_sizes", "window_size"), 3),
    **dict.fromkeys(("sigma", "alpha", "eps", "lambd", "p", "ratio", "dropout", "margin", "factor", "gamma"), 0.5),
    **dict.fromkeys(("edge_dim", "node_dim", "num_edge_features", "num_node_features", "levels", "dim_size"), 4),
    **dict.fromkeys(("height", "width", "n_fft", "max_steps", "num_steps", "depth", "groups"), 8),
    **dict.fromkeys(("sample_rate", "orig_freq", "new_freq"), 16000),
    "output_size": (8, 8),
    "input_dim": 8,
    "hidden_dim": 8,
    "output_dim": 8,
    "aggr": "add",
    "act": nn.ReLU(),
    "nn": nn.Linear(8, 8),
    "encoder": nn.Linear(8, 8),
    "module": nn.Linear(8, 8),
    "model": nn.Linear(8, 8),
}
DETECTION = ("rcnn", "ssd", "fcos", "retina", "deeplab", "lraspp", "fcn_")
ARCHITECTURES = "Unet UnetPlusPlus MAnet Linknet FPN PSPNet DeepLabV3 DeepLabV3Plus PAN UPerNet Segformer DPT".split()


def of_library(library: str) -> Iterator[Named]:
    """The modules of a library, each by a name of its own."""
    return {
        "timm": _timm,
        "torchvision": _vision,
        "torchaudio": _audio,
        "segmentation_models_pytorch": _segmentation,
        "kornia": lambda: _classes("kornia", "kornia"),
        "torch_geometric": lambda: _classes("torch_geometric", "torch_geometric.nn"),
    }[library]()


LIBRARIES = ("timm", "torchvision", "torchaudio", "segmentation_models_pytorch", "kornia", "torch_geometric")


def _timm() -> Iterator[Named]:
    import timm
    from timm.models import _registry

    seen = set()
    for name in timm.list_models():
        file = _registry._model_to_module[name]
        if file not in seen:
            seen.add(file)
            yield name, lambda name=name: timm.create_model(name, pretrained=False)


def _vision() -> Iterator[Named]:
    import torchvision

    seen = set()
    for name in torchvision.models.list_models():
        builder = torchvision.models.get_model_builder(name)
        if builder.__module__ not in seen:
            seen.add(builder.__module__)
            bare = {"weights_backbone": None} if any(word in name for word in DETECTION) else {}
            yield name, lambda builder=builder, bare=bare: builder(weights=None, **bare)
    yield from _classes("torchvision", "torchvision.ops")
    yield from _classes("torchvision", "torchvision.transforms.transforms")


def _audio() -> Iterator[Named]:
    import torchaudio

    for name in ("wav2vec2_base", "hubert_base", "wavlm_base", "conv_tasnet_base", "hdemucs_low", "emformer_rnnt_base"):
        yield name, getattr(torchaudio.models, name)
    yield "conformer", lambda: torchaudio.models.Conformer(16, 4, 32, 2, 7)
    yield "emformer", lambda: torchaudio.models.Emformer(16, 4, 32, 2, segment_length=4)
    yield "deepspeech", lambda: torchaudio.models.DeepSpeech(8)
    yield "squim_objective", torchaudio.models.squim_objective_base
    yield "squim_subjective", torchaudio.models.squim_subjective_base
    yield "wavernn", lambda: torchaudio.models.WaveRNN([2, 2, 2], 4, 8)
    yield from _classes("torchaudio", "torchaudio.models")
    yield from _classes("torchaudio", "torchaudio.transforms")


def _segmentation() -> Iterator[Named]:
    import segmentation_models_pytorch as smp

    for name in ARCHITECTURES:
        encoder = {"DPT": "tu-vit_tiny_patch16_224", "Segformer": "mit_b0"}.get(name, "resnet18")
        yield name, lambda name=name, encoder=encoder: getattr(smp, name)(encoder_name=encoder, encoder_weights=None)
    yield from _classes("segmentation_models_pytorch", "segmentation_models_pytorch.losses")
    yield from _classes("segmentation_models_pytorch", "segmentation_models_pytorch.base.modules")


def _classes(library: str, package: str) -> Iterator[Named]:
    """The public classes of modules of a package, and of those in it, that ARGUMENTS can make."""
    seen: set[type] = set()
    for module in _modules(package):
        for name, cls in sorted(vars(module).items()):
            public = inspect.isclass(cls) and issubclass(cls, nn.Module) and not name.startswith("_")
            if not public or cls in seen or cls.__module__.partition(".")[0] != library:
                continue
            seen.add(cls)
            given = _given(cls)
            if given is not None and cls.forward is not nn.Module.forward:
                yield f"{cls.__module__}.{cls.__qualname__}", lambda cls=cls, given=given: cls(**given)


def _modules(package: str) -> Iterator[Any]:
    found = importlib.import_module(package)
    yield found
    inside = pkgutil.walk_packages(getattr(found, "__path__", ()), f"{package}.", onerror=lambda _: None)
    for name in sorted(one.name for one in inside):
        try:
            yield importlib.import_module(name)
        except (ImportError, OSError, RuntimeError, AttributeError, TypeError) as error:
            print(f"# {name}: {type(error).__name__}", flush=True)


def _given(cls: type) -> dict[str, Any] | None:
    """Arguments for what a constructor requires; None where ARGUMENTS does not know one."""
    given = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if name not in ARGUMENTS:
            return None
        given[name] = ARGUMENTS[name]
    return given


def made(maker: Maker) -> nn.Module:
    """The module, on the device `meta` where it can be made there. Raises what its constructor raises."""
    try:
        with torch.device("meta"):
            return maker()
    except (RuntimeError, NotImplementedError, ValueError, TypeError):
        return maker()
