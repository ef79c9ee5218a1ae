"""Convolutional networks: backbones of every family, most of them with a classifier on top."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

from conformance.case import Case

from .hub import case, pyramid

_SHAPE = (64, 96, 3)


def cases() -> tuple[Case, ...]:
    """One or more per architecture."""
    return (
        case("resnet18_classifier", partial(_resnet, block="basic_block")),
        case("resnet50_classifier", partial(_resnet, block="bottleneck_block")),
        case("resnet50_v2_classifier", partial(_resnet, block="bottleneck_block", v2=True)),
        case("resnet_vd_classifier", partial(_resnet, block="bottleneck_block_vd", vd=True)),
        case("resnet18_pyramid", lambda hub: pyramid(resnet18(hub, _SHAPE))),
        case("resnet18_open_size", _resnet_open),
        case("efficientnet_b0_classifier", partial(_efficientnet, squeeze=0.25)),
        case(
            "efficientnet_lite0_classifier", partial(_efficientnet, squeeze=0.0, activation="relu6")
        ),
        case("efficientnet_v2_classifier", _efficientnet_v2),
        case("mobilenet_v3_classifier", _mobilenet_v3),
        case("mobilenet_v5_classifier", _mobilenet_v5),
        case("mobilenet_v5_attention", _mobilenet_v5_attention),
        case("densenet_classifier", _densenet),
        case("csp_darknet_classifier", partial(_cspnet, stage="csp", block="dark_block")),
        case("darknet_classifier", partial(_cspnet, stage="dark", block="dark_block")),
        case("csp_resnext_classifier", _csp_resnext),
        case("vgg_classifier", _vgg),
        case("xception_classifier", _xception),
        case("hgnet_v2_classifier", partial(_hgnet, light=False, affine=False)),
        case("hgnet_v2_light_classifier", partial(_hgnet, light=True, affine=True)),
    )


def resnet18(hub: Any, shape: tuple[int | None, int | None, int]) -> Any:
    """Return ResNet18's stages with fewer filters."""
    return hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 72, 80, 96],
        stackwise_num_blocks=[2, 2, 2, 2],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        image_shape=shape,
    )


def _resnet(hub: Any, block: str, v2: bool = False, vd: bool = False) -> keras.Model:
    backbone = hub.models.ResNetBackbone(
        input_conv_filters=[16, 16, 64] if vd else [64],
        input_conv_kernel_sizes=[3, 3, 3] if vd else [7],
        stackwise_num_filters=[64, 72, 80, 96],
        stackwise_num_blocks=[2, 2, 3, 2],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type=block,
        use_pre_activation=v2,
        image_shape=_SHAPE,
    )
    return hub.models.ResNetImageClassifier(backbone=backbone, num_classes=11)


def _resnet_open(hub: Any) -> keras.Model:
    inputs = keras.Input((59, 83, 3))
    backbone = resnet18(hub, (None, None, 3))
    return keras.Model(
        inputs, hub.models.ResNetImageClassifier(backbone=backbone, num_classes=11)(inputs)
    )


def _efficientnet(hub: Any, squeeze: float, activation: str = "swish") -> keras.Model:
    backbone = hub.models.EfficientNetBackbone(
        stackwise_width_coefficients=[0.5] * 7,
        stackwise_depth_coefficients=[1.0] * 7,
        stackwise_kernel_sizes=[3, 3, 5, 3, 5, 5, 3],
        stackwise_num_repeats=[1, 2, 2, 3, 3, 4, 1],
        stackwise_input_filters=[32, 16, 24, 40, 80, 112, 192],
        stackwise_output_filters=[16, 24, 40, 80, 112, 192, 320],
        stackwise_expansion_ratios=[1, 6, 6, 6, 6, 6, 6],
        stackwise_squeeze_and_excite_ratios=[squeeze] * 7,
        stackwise_strides=[1, 2, 2, 2, 1, 2, 1],
        stackwise_block_types=["v1"] * 7,
        input_shape=_SHAPE,
        activation=activation,
    )
    return hub.models.EfficientNetImageClassifier(backbone=backbone, num_classes=11)


def _efficientnet_v2(hub: Any) -> keras.Model:
    backbone = hub.models.EfficientNetBackbone(
        stackwise_width_coefficients=[0.5] * 6,
        stackwise_depth_coefficients=[0.5] * 6,
        stackwise_kernel_sizes=[3, 3, 3, 3, 3, 3],
        stackwise_num_repeats=[2, 4, 4, 6, 9, 15],
        stackwise_input_filters=[24, 24, 48, 64, 128, 160],
        stackwise_output_filters=[24, 48, 64, 128, 160, 256],
        stackwise_expansion_ratios=[1, 4, 4, 4, 6, 6],
        stackwise_squeeze_and_excite_ratios=[0.0, 0.0, 0.0, 0.25, 0.25, 0.25],
        stackwise_strides=[1, 2, 2, 2, 1, 2],
        stackwise_block_types=["fused"] * 3 + ["unfused"] * 3,
        input_shape=_SHAPE,
    )
    return hub.models.EfficientNetImageClassifier(backbone=backbone, num_classes=11)


def _mobilenet_v3(hub: Any) -> keras.Model:
    counts = [2, 3, 2, 3]
    squeeze = [[None, None], [0.25, 0.25, 0.25], [0.3, 0.3], [0.3, 0.25, 0.25]]
    backbone = hub.models.MobileNetBackbone(
        stackwise_expansion=[[40, 56], [64, 144, 144], [72, 72], [144, 288, 288]],
        stackwise_num_blocks=counts,
        stackwise_num_filters=[[16, 16], [24, 24, 24], [24, 24], [48, 48, 48]],
        stackwise_kernel_size=[[3, 3], [5, 5, 5], [5, 5], [5, 5, 5]],
        stackwise_num_strides=[[2, 1], [2, 1, 1], [1, 1], [2, 1, 1]],
        stackwise_se_ratio=squeeze,
        stackwise_activation=[["relu"] * 2, *(["hard_swish"] * n for n in counts[1:])],
        stackwise_padding=[[1, 1], [2, 2, 2], [2, 2], [2, 2, 2]],
        output_num_filters=128,
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        last_layer_filter=288,
        squeeze_and_excite=0.5,
        image_shape=_SHAPE,
    )
    return hub.models.MobileNetImageClassifier(backbone=backbone, num_classes=11, num_features=64)


def _mobilenet_v5(hub: Any) -> keras.Model:
    backbone = _mobilenet_v5_backbone(
        hub,
        {
            "block_types": [["er"], ["uir", "uir"]],
            "num_filters": [[24], [48, 48]],
            "strides": [[2], [2, 1]],
            "exp_ratios": [[4.0], [6.0, 6.0]],
            "dw_start_kernel_sizes": [[0], [5, 3]],
            "dw_kernel_sizes": [[0], [5, 5]],
            "exp_kernel_sizes": [[3], [0, 0]],
            "pw_kernel_sizes": [[1], [0, 0]],
        },
    )
    return hub.models.MobileNetV5ImageClassifier(backbone, 11, head_hidden_size=64)


def _mobilenet_v5_attention(hub: Any) -> keras.Model:
    """Its multi-query attention, whose keys are strided, and its fusion of two scales."""
    return _mobilenet_v5_backbone(
        hub,
        {
            "block_types": [["er"], ["uir", "mqa"], ["uir", "mqa"]],
            "num_filters": [[24], [32, 32], [48, 48]],
            "strides": [[2], [2, 1], [2, 1]],
            "exp_ratios": [[4.0], [4.0, 1.0], [4.0, 1.0]],
            "dw_start_kernel_sizes": [[0], [3, 0], [5, 0]],
            "dw_kernel_sizes": [[0], [5, 3], [3, 3]],
            "exp_kernel_sizes": [[3], [0, 0], [0, 0]],
            "pw_kernel_sizes": [[1], [0, 0], [0, 0]],
            "num_heads": [[0], [0, 4], [0, 2]],
            "key_dims": [[0], [0, 8], [0, 12]],
            "value_dims": [[0], [0, 8], [0, 12]],
            "kv_strides": [[0], [0, 2], [0, 1]],
        },
        use_msfa=True,
        msfa_output_resolution=8,
        num_features=64,
    )


def _mobilenet_v5_backbone(hub: Any, stages: dict[str, Any], **more: Any) -> Any:
    """Fill in what no block of these stages has."""
    kinds = stages["block_types"]
    zeros = {
        name: [[0] * len(stage) for stage in kinds]
        for name in (
            "se_ratios",
            "dw_end_kernel_sizes",
            "num_heads",
            "key_dims",
            "value_dims",
            "kv_strides",
        )
    }
    wanted = {
        **zeros,
        "act_layers": [["gelu"] * len(stage) for stage in kinds],
        "use_cpe": [[False] * len(stage) for stage in kinds],
        **stages,
    }
    return hub.models.MobileNetV5Backbone(
        **{f"stackwise_{name}": value for name, value in wanted.items()},
        stackwise_num_blocks=[len(stage) for stage in kinds],
        **{"use_msfa": False, "image_shape": (64, 64, 3), **more},
    )


def _densenet(hub: Any) -> keras.Model:
    backbone = hub.models.DenseNetBackbone(
        stackwise_num_repeats=[2, 3, 4, 3], growth_rate=16, image_shape=_SHAPE
    )
    return hub.models.DenseNetImageClassifier(backbone=backbone, num_classes=11)


def _cspnet(hub: Any, stage: str, block: str) -> keras.Model:
    csp = stage == "csp"
    backbone = hub.models.CSPNetBackbone(
        stem_filters=16,
        stem_kernel_size=3,
        stem_strides=1,
        stem_padding="same",
        stackwise_depth=[1, 2, 3],
        stackwise_strides=[2, 2, 2],
        stackwise_num_filters=[32, 48, 64],
        block_type=block,
        stage_type=stage,
        bottle_ratio=(0.5, 1.0) if csp else [0.5],
        block_ratio=(1.0, 0.5) if csp else [1.0],
        expand_ratio=(2.0, 1.0) if csp else [1.0],
        down_growth=csp,
        image_shape=_SHAPE,
    )
    return hub.models.CSPNetImageClassifier(backbone=backbone, num_classes=11)


def _csp_resnext(hub: Any) -> keras.Model:
    backbone = hub.models.CSPNetBackbone(
        stem_filters=16,
        stem_kernel_size=7,
        stem_strides=4,
        stem_pooling="max",
        stackwise_depth=[2, 2],
        stackwise_strides=[1, 2],
        stackwise_num_filters=[64, 128],
        block_type="bottleneck_block",
        stage_type="csp",
        groups=8,
        bottle_ratio=[1.0],
        block_ratio=[0.5],
        expand_ratio=[1.0],
        cross_linear=True,
        image_shape=_SHAPE,
    )
    return hub.models.CSPNetImageClassifier(backbone=backbone, num_classes=11)


def _vgg(hub: Any) -> keras.Model:
    backbone = hub.models.VGGBackbone(
        stackwise_num_repeats=[2, 2, 3, 3, 3],
        stackwise_num_filters=[8, 16, 24, 32, 40],
        image_shape=(224, 224, 3),  # its head's convolution takes 7 x 7 pixels
    )
    return hub.models.VGGImageClassifier(
        backbone=backbone, num_classes=11, pooling="flatten", pooling_hidden_dim=64
    )


def _xception(hub: Any) -> keras.Model:
    backbone = hub.models.XceptionBackbone(
        stackwise_conv_filters=[[16, 24], [32, 40], [40, 40, 40], [56, 64]],
        stackwise_pooling=[False, True, False, False],
        image_shape=_SHAPE,
    )
    return hub.models.XceptionImageClassifier(backbone=backbone, num_classes=11)


def hgnet(hub: Any, *, light: bool, affine: bool, shape: tuple[int, int, int]) -> Any:
    """Return a small HGNetV2 of four stages, strides 4 to 32."""
    return hub.models.HGNetV2Backbone(
        depths=[1, 1, 2, 1],
        embedding_size=16,
        hidden_sizes=[24, 48, 64, 96],
        stem_channels=[3, 16, 16],
        hidden_act="relu",
        use_learnable_affine_block=affine,
        stackwise_stage_filters=[
            (16, 16, 24, 1, 3, 3),
            (24, 24, 48, 1, 3, 3),
            (48, 32, 64, 2, 3, 5),
            (64, 48, 96, 1, 3, 5),
        ],
        apply_downsample=[False, True, True, True],
        use_lightweight_conv_block=[False, False, light, light],
        image_shape=shape,
        out_features=["stage3", "stage4"],
    )


def _hgnet(hub: Any, *, light: bool, affine: bool) -> keras.Model:
    backbone = hgnet(hub, light=light, affine=affine, shape=_SHAPE)
    return hub.models.HGNetV2ImageClassifier(
        backbone=backbone, preprocessor=None, num_classes=11, head_filters=72
    )
