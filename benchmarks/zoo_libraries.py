"""The models of the zoo that other libraries have, and how those are imported without their compiled parts.

Needs torch, and timm, torchvision, torchaudio and transformers in a directory. Operators that are compiled into
torchvision are declared and never run; a detector is scripted, not traced. It will never download a weight.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.zoo import Model

if TYPE_CHECKING:
    from benchmarks.zoo import Maker

# torchvision/csrc/ops: what its detectors call, as it is registered there
VISION_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width,"
    " int sampling_ratio, bool aligned) -> Tensor",
    "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h,"
    " SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups,"
    " SymInt offset_groups, bool use_mask) -> Tensor",
)


def _has_ops() -> bool:
    return True


def _assert_has_ops() -> None:
    return None


COMPILED: dict[str, dict[str, Any]] = {
    "torchvision.extension": {
        "_has_ops": _has_ops,
        "_assert_has_ops": _assert_has_ops,
        "_load_library": lambda _: False,
    },
    "torchvision._meta_registrations": {},
    "torchvision._autograd_registrations": {},
    "torchaudio._extension": {
        "_IS_TORCHAUDIO_EXT_AVAILABLE": False,
        "_IS_ALIGN_AVAILABLE": False,
        "fail_if_no_align": lambda function: function,
        "_load_lib": lambda _: False,
    },
}
TIMM = {
    "resnet18": 64,
    "resnet50": 64,
    "efficientnet_b0": 64,
    "efficientnet_b7": 64,
    "mobilenetv3_small_100": 64,
    "convnext_atto": 64,
    "regnety_002": 64,
    "swin_tiny_patch4_window7_224": 224,
    "maxvit_tiny_rw_224": 224,
    "vit_tiny_patch16_224": 224,
    "deit_tiny_patch16_224": 224,
    "mixer_s32_224": 224,
    "levit_128s": 224,
    "poolformer_s12": 64,
    "dla34": 64,
}
VISION = {
    "resnet18": 64,
    "densenet121": 64,
    "googlenet": 96,
    "inception_v3": 299,
    "mobilenet_v2": 64,
    "mobilenet_v3_small": 64,
    "shufflenet_v2_x0_5": 64,
    "squeezenet1_1": 64,
    "mnasnet0_5": 64,
    "efficientnet_v2_s": 64,
    "regnet_y_400mf": 64,
    "convnext_tiny": 64,
    "vgg11_bn": 64,
    "swin_t": 224,
    "vit_b_32": 224,
    "maxvit_t": 224,
}
DETECTORS = (
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "retinanet_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
)
SEGMENTERS = ("lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large")


def reach(site: Path) -> None:
    """Makes the libraries of a directory importable; stands in for what is compiled against another torch."""
    sys.path.insert(0, str(site))
    library = torch.library.Library("torchvision", "DEF")
    for schema in VISION_OPERATORS:
        library.define(schema)
    _KEPT.append(library)
    for name, content in COMPILED.items():
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.__dict__.update(content)
        sys.modules[name] = module


_KEPT: list[Any] = []  # a library's operators go with it


def makers() -> dict[str, Maker]:
    """Each model by the name its archives get."""
    found: dict[str, Maker] = {}
    for name, size in TIMM.items():
        found[f"timm_{name}"] = _maker(_timm, name, size)
    for name, size in VISION.items():
        found[f"tv_{name}"] = _maker(_vision, name, size)
    for name in DETECTORS:
        found[f"tv_{name}"] = _maker(_detector, name)
    for name in SEGMENTERS:
        found[f"tv_{name}"] = _maker(_segmenter, name)
    for make in (_conformer, _emformer, _hdemucs, _wav2vec2, _tacotron2, _conv_tasnet, _deepspeech, _wav2letter):
        found[f"ta{make.__name__}"] = make
    found["hf_bert"] = _bert
    return found


def _maker(make: Callable[..., Model], *arguments: Any) -> Maker:
    return lambda: make(*arguments)


def _timm(name: str, size: int) -> Model:
    import timm

    module = timm.create_model(name, pretrained=False, scriptable=True, exportable=True)
    return Model(module, (torch.randn(1, 3, size, size),))


def _vision(name: str, size: int) -> Model:
    import torchvision

    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    module = torchvision.models.get_model(name, weights=None, **options)
    return Model(module, (torch.randn(1, 3, size, size),))


def _detector(name: str) -> Model:
    import torchvision

    return Model(torchvision.models.get_model(name, weights=None, weights_backbone=None), None)


def _segmenter(name: str) -> Model:
    import torchvision

    module = torchvision.models.get_model(name, weights=None, weights_backbone=None)
    return Model(module, (torch.randn(1, 3, 64, 64),))


def _conformer() -> Model:
    from torchaudio.models import Conformer

    module = Conformer(16, 4, 32, 2, 7)
    return Model(module, (torch.randn(2, 20, 16), torch.tensor([20, 15])))


def _emformer() -> Model:
    from torchaudio.models import Emformer

    module = Emformer(16, 4, 32, 2, segment_length=4, right_context_length=1)
    return Model(module, (torch.randn(2, 9, 16), torch.tensor([9, 8])))


def _hdemucs() -> Model:
    from torchaudio.models import HDemucs

    return Model(HDemucs(["drums", "bass"], channels=8), (torch.randn(1, 2, 44100),))


def _wav2vec2() -> Model:
    from torchaudio.models import wav2vec2_model

    module = wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(8, 10, 5), (8, 3, 2), (8, 2, 2)],
        extractor_conv_bias=False,
        encoder_embed_dim=16,
        encoder_projection_dropout=0.1,
        encoder_pos_conv_kernel=8,
        encoder_pos_conv_groups=4,
        encoder_num_layers=2,
        encoder_num_heads=4,
        encoder_attention_dropout=0.1,
        encoder_ff_interm_features=32,
        encoder_ff_interm_dropout=0.1,
        encoder_dropout=0.1,
        encoder_layer_norm_first=False,
        encoder_layer_drop=0.1,
        aux_num_out=5,
    )
    return Model(module, (torch.randn(1, 800),))


def _tacotron2() -> Model:
    from torchaudio.models import Tacotron2

    module = Tacotron2(n_symbol=20)
    lengths = torch.tensor([6, 5])
    inputs = (torch.randint(0, 20, (2, 6)), lengths, torch.randn(2, 80, 4), torch.tensor([4, 3]))
    return Model(module, inputs)


def _conv_tasnet() -> Model:
    from torchaudio.models import ConvTasNet

    return Model(
        ConvTasNet(num_sources=2, enc_num_feats=16, msk_num_feats=8, msk_num_hidden_feats=16), (torch.randn(1, 1, 800),)
    )


def _deepspeech() -> Model:
    from torchaudio.models import DeepSpeech

    return Model(DeepSpeech(8, 16, 4), (torch.randn(1, 1, 10, 8),))


def _wav2letter() -> Model:
    from torchaudio.models import Wav2Letter

    return Model(Wav2Letter(num_classes=4, input_type="mfcc", num_features=8), (torch.randn(1, 8, 100),))


def _bert() -> Model:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        return_dict=False,
    )
    tokens = torch.zeros(2, 6, dtype=torch.long)
    return Model(BertModel(config), (tokens, torch.ones(2, 6, dtype=torch.long)), script=False)
