"""Models that answer for every place: detection, segmentation, depth."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from conformance.case import Case
from conformance.inputs import Array

from .convolutional import hgnet, resnet18
from .hub import case
from .transformers import mit, vit_det

_OPEN = (None, None, 3)
_SHAPE = (64, 96, 3)


def cases() -> tuple[Case, ...]:
    """Each head on a small backbone."""
    return (
        case("retinanet_detector", partial(_retinanet, norm=False)),
        case("retinanet_group_norm", partial(_retinanet, norm=True)),
        case("dfine_detector", _dfine),
        case("deeplab_v3_segmenter", partial(_deeplab, plus=False)),
        case("deeplab_v3_plus_segmenter", partial(_deeplab, plus=True)),
        case("segformer_segmenter", _segformer),
        case("basnet_segmenter", _basnet),
        case("depth_anything_estimator", _depth_anything),
        case(
            "sam_segmenter",
            _sam,
            draw={"labels": _point_labels, "points": _points, "boxes": _points},
        ),
    )


def _retinanet(hub: Any, *, norm: bool) -> keras.Model:
    encoder = resnet18(hub, _SHAPE)
    backbone = hub.models.RetinaNetBackbone(
        image_encoder=encoder,
        min_level=3,
        max_level=7,
        use_p5=norm,
        use_fpn_batch_norm=norm,
        image_shape=_SHAPE,
    )
    return hub.models.RetinaNetObjectDetector(
        backbone=backbone,
        num_classes=7,
        use_prediction_head_norm=norm,
        pre_logits_num_conv_layers=2,
        anchor_generator=hub.layers.AnchorGenerator(
            bounding_box_format="yxyx",
            min_level=3,
            max_level=7,
            num_scales=3,
            aspect_ratios=[0.5, 1.0, 2.0],
            anchor_size=4,
        ),
    )


def _dfine(hub: Any) -> keras.Model:
    """Boxes and scores of its last layer, which `predict` decodes."""
    size_hw = (96, 128)
    backbone = hub.models.DFineBackbone(
        backbone=hgnet(hub, light=True, affine=True, shape=(*size_hw, 3)),
        decoder_in_channels=[32, 32],
        encoder_hidden_dim=32,
        num_labels=7,
        num_denoising=0,
        learn_initial_query=False,
        num_queries=12,
        anchor_image_size=size_hw,
        feat_strides=[16, 32],
        num_feature_levels=2,
        hidden_dim=32,
        encoder_in_channels=[64, 96],
        encode_proj_layers=[1],
        num_attention_heads=4,
        encoder_ffn_dim=64,
        num_encoder_layers=1,
        hidden_expansion=0.5,
        depth_multiplier=0.5,
        eval_idx=-1,
        num_decoder_layers=2,
        decoder_attention_heads=4,
        decoder_ffn_dim=64,
        decoder_n_points=[6, 6],
        lqe_hidden_dim=24,
        num_lqe_layers=2,
        out_features=["stage3", "stage4"],
        image_shape=(*size_hw, 3),
        seed=0,
    )
    detector = hub.models.DFineObjectDetector(backbone=backbone, num_classes=7)
    wanted = {name: detector.output[name] for name in ("logits", "pred_boxes")}
    return keras.Model(detector.inputs, wanted)


def _deeplab(hub: Any, *, plus: bool) -> keras.Model:
    backbone = hub.models.DeepLabV3Backbone(
        image_encoder=resnet18(hub, _SHAPE),
        spatial_pyramid_pooling_key="P5",
        low_level_feature_key="P2" if plus else None,
        upsampling_size=8 if plus else 32,
        dilation_rates=[2, 3],
        projection_filters=24,
        image_shape=_SHAPE,
    )
    return hub.models.DeepLabV3ImageSegmenter(backbone=backbone, num_classes=5)


def _segformer(hub: Any) -> keras.Model:
    backbone = hub.models.SegFormerBackbone(
        image_encoder=mit(hub, (64, 64, 3)), projection_filters=32
    )
    return hub.models.SegFormerImageSegmenter(backbone=backbone, num_classes=5)


def _basnet(hub: Any) -> keras.Model:
    backbone = hub.models.BASNetBackbone(
        image_encoder=resnet18(hub, _OPEN),
        num_classes=2,
        projection_filters=64,
        image_shape=(64, 96, 3),
    )
    return hub.models.BASNetImageSegmenter(backbone)


def _depth_anything(hub: Any) -> keras.Model:
    encoder = hub.models.DINOV2Backbone(
        patch_size=14,
        num_layers=4,
        hidden_dim=32,
        num_heads=4,
        intermediate_dim=64,
        image_shape=(112, 112, 3),
        position_embedding_shape=(70, 70, 3),
        apply_layernorm=True,
    )
    backbone = hub.models.DepthAnythingBackbone(
        image_encoder=encoder,
        reassemble_factors=[4, 2, 1, 0.5],
        neck_hidden_dims=[16, 24, 32, 40],
        fusion_hidden_dim=24,
        head_hidden_dim=16,
        head_in_index=-1,
        feature_keys=["stage1", "stage2", "stage3", "stage4"],
    )
    return hub.models.DepthAnythingDepthEstimator(backbone, depth_estimation_type="relative")


def _sam(hub: Any) -> keras.Model:
    """Masks for three points, a box and a first mask: every prompt that it takes."""
    side = 128
    prompts = hub.layers.SAMPromptEncoder(
        hidden_size=16,
        image_embedding_size=(side // 16, side // 16),
        input_image_size=(side, side),
        mask_in_channels=8,
    )
    decoder = hub.layers.SAMMaskDecoder(
        num_layers=2,
        hidden_size=16,
        intermediate_dim=32,
        num_heads=4,
        embedding_dim=16,
        num_multimask_outputs=3,
        iou_head_depth=3,
        iou_head_hidden_dim=16,
    )
    backbone = hub.models.SAMBackbone(
        image_encoder=vit_det(hub), prompt_encoder=prompts, mask_decoder=decoder
    )
    inputs = {
        "images": keras.Input((side, side, 3), name="images"),
        "points": keras.Input((3, 2), name="points"),
        "labels": keras.Input((3,), name="labels"),
        "boxes": keras.Input((1, 2, 2), name="boxes"),
        "masks": keras.Input((1, side // 4, side // 4, 1), name="masks"),
    }
    return keras.Model(inputs, hub.models.SAMImageSegmenter(backbone=backbone)(inputs))


def _point_labels(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """1 is on the object, 0 beside it."""
    labels = rng.integers(0, 2, shape)
    labels[:, 0] = 1
    return labels.astype(np.float32)


def _points(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Places on the image, in pixels."""
    return rng.uniform(3.0, 120.0, shape).astype(np.float32)
