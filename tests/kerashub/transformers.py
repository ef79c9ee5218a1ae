"""Vision transformers: patches, windows and pyramids of attention."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from conformance.case import Case
from conformance.inputs import Array

from .hub import case, pyramid

_VIT = {"patch_size": 16, "num_layers": 2, "num_heads": 4, "hidden_dim": 48}
_SQUARE = (64, 64, 3)  # as those demand that cut a square grid


def cases() -> tuple[Case, ...]:
    """One or more per architecture."""
    return (
        case("vit_classifier", partial(_vit, pooling="token")),
        case("vit_average_pooled", partial(_vit, pooling="gap")),
        case("deit_classifier", _deit),
        case("mit_classifier", _mit_classifier),
        case("mit_pyramid", lambda hub: pyramid(mit(hub, _SQUARE))),
        case("swin_classifier", _swin),
        case("dinov2", partial(_dinov2, swiglu=False)),
        case("dinov2_registers_swiglu", partial(_dinov2, swiglu=True, registers=3)),
        case("dinov3", _dinov3),
        case("clip_vision_encoder", _clip_vision),
        case("clip", _clip, draw={"token_ids": _sentence}),
        case("siglip_vision_encoder", _siglip_vision),
        case("sam_image_encoder", vit_det),
    )


def _vit(hub: Any, pooling: str) -> keras.Model:
    backbone = hub.models.ViTBackbone(**_VIT, image_shape=_SQUARE, mlp_dim=96)
    return hub.models.ViTImageClassifier(backbone=backbone, num_classes=11, pooling=pooling)


def _deit(hub: Any) -> keras.Model:
    backbone = hub.models.DeiTBackbone(**_VIT, image_shape=_SQUARE, intermediate_dim=96)
    return hub.models.DeiTImageClassifier(backbone=backbone, num_classes=11)


def mit(hub: Any, shape: tuple[int, int, int]) -> Any:
    """Return a small Mix Transformer, SegFormer's encoder."""
    return hub.models.MiTBackbone(
        num_layers=4,
        layerwise_depths=[1, 2, 1, 1],
        layerwise_num_heads=[1, 2, 4, 8],
        layerwise_sr_ratios=[8, 4, 2, 1],
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        hidden_dims=[16, 24, 40, 64],
        max_drop_path_rate=0.1,
        image_shape=shape,
    )


def _mit_classifier(hub: Any) -> keras.Model:
    return hub.models.MiTImageClassifier(backbone=mit(hub, _SQUARE), num_classes=11)


def _swin(hub: Any) -> keras.Model:
    backbone = hub.models.SwinTransformerBackbone(
        image_shape=(56, 112, 3), embed_dim=24, depths=(2, 2), num_heads=(2, 4), window_size=7
    )
    return hub.models.SwinTransformerImageClassifier(backbone=backbone, num_classes=11)


def _dinov2(hub: Any, *, swiglu: bool, registers: int = 0) -> keras.Model:
    return hub.models.DINOV2Backbone(
        patch_size=14,
        num_layers=2,
        hidden_dim=48,
        num_heads=4,
        intermediate_dim=96,
        num_register_tokens=registers,
        use_swiglu_ffn=swiglu,
        image_shape=(56, 56, 3),
        position_embedding_shape=(70, 70, 3),
    )


def _dinov3(hub: Any) -> keras.Model:
    return hub.models.DINOV3Backbone(**_VIT, intermediate_dim=96, image_shape=_SQUARE)


def clip_vision(hub: Any) -> Any:
    """Return CLIP's image tower."""
    return hub.models.CLIPVisionEncoder(**_VIT, intermediate_dim=96, image_shape=_SQUARE)


def _clip_vision(hub: Any) -> keras.Model:
    return clip_vision(hub)


def _clip(hub: Any) -> keras.Model:
    text = hub.models.CLIPTextEncoder(
        vocabulary_size=61,
        embedding_dim=32,
        hidden_dim=32,
        num_layers=2,
        num_heads=4,
        intermediate_dim=64,
        max_sequence_length=9,
    )
    model = hub.models.CLIPBackbone(
        vision_encoder=clip_vision(hub), text_encoder=text, projection_dim=24
    )
    inputs = {"images": keras.Input(_SQUARE, name="images")}
    inputs["token_ids"] = keras.Input((9,), dtype="int32", name="token_ids")
    return keras.Model(inputs, model(inputs))


def _sentence(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Words, then the largest number, which ends a text in CLIP."""
    words = rng.integers(1, 60, shape)
    words[:, -2] = 60
    words[:, -1] = 0
    return words.astype(np.int32)


def _siglip_vision(hub: Any) -> keras.Model:
    return hub.models.SigLIPVisionEncoder(**_VIT, intermediate_dim=96, image_shape=_SQUARE)


def vit_det(hub: Any) -> Any:
    """Return SAM's image encoder: windows that do not divide the grid, and relative positions."""
    return hub.models.ViTDetBackbone(
        hidden_size=32,
        num_layers=3,
        intermediate_dim=64,
        num_heads=4,
        global_attention_layer_indices=[1],
        patch_size=16,
        num_output_channels=16,
        window_size=3,
        image_shape=(128, 128, 3),
    )
