"""Models of KerasHub at their published sizes, with calibrated random weights.

Built from their configs, so that nothing is downloaded: `pip install keras-hub`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from campaigns.models import calibrated

from .zoo import HUB

_IMAGE: Final = (224, 224, 3)
_SCENE: Final = (512, 512, 3)
_MAPPED: Final = (256, 256, 3)  # of 512x512, a sample has 39 million numbers: too many for 16 GB
_CLASSES: Final = 1000


def vit_s16() -> Any:
    """Build ViT-S/16: 12 layers of 6 heads, 384 numbers for each of 197 tokens."""
    models = _models()
    backbone = models.ViTBackbone(
        image_shape=_IMAGE, patch_size=16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536
    )
    return calibrated(models.ViTImageClassifier(backbone, num_classes=_CLASSES))


def swin_t() -> Any:
    """Build Swin-T: windows of 7x7 tokens, shifted in every second block."""
    models = _models()
    backbone = models.SwinTransformerBackbone(
        image_shape=_IMAGE,
        embed_dim=96,
        depths=(2, 2, 6, 2),
        num_heads=(3, 6, 12, 24),
        window_size=7,
    )
    classifier = models.SwinTransformerImageClassifier
    return calibrated(classifier(backbone, num_classes=_CLASSES))


def segformer_b0() -> Any:
    """Build SegFormer-B0 for the 150 classes of ADE20K."""
    models = _models()
    encoder = models.MiTBackbone(
        image_shape=_MAPPED,
        num_layers=4,
        layerwise_depths=[2, 2, 2, 2],
        layerwise_num_heads=[1, 2, 5, 8],
        layerwise_sr_ratios=[8, 4, 2, 1],
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        hidden_dims=[32, 64, 160, 256],
        max_drop_path_rate=0.1,
    )
    backbone = models.SegFormerBackbone(image_encoder=encoder, projection_filters=256)
    return calibrated(models.SegFormerImageSegmenter(backbone, num_classes=150))


def retinanet_r50() -> Any:
    """Build RetinaNet on ResNet50 for the classes of COCO, as its outputs before the boxes."""
    models = _models()
    encoder = models.ResNetBackbone(
        image_shape=_SCENE,
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[3, 4, 6, 3],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block",
    )
    backbone = models.RetinaNetBackbone(
        image_encoder=encoder, min_level=3, max_level=7, use_p5=False, image_shape=_SCENE
    )
    return calibrated(
        models.RetinaNetObjectDetector(backbone, num_classes=90, bounding_box_format="yxyx")
    )


def _models() -> Any:
    return import_module(HUB).models
