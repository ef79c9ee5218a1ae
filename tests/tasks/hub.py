"""KerasHub's RetinaNet from a small config; its pipeline is KerasHub's own, step by step.

The steps are those of `predict`, run eagerly: in a graph, the suppression of KerasHub 0.32 loses
boxes that no better one overlaps by more than 0.5 (9 of 77, in the first image here).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from conformance import randomize

from .subject import Answer, Array, Subject, clipped

WIDTH, HEIGHT = 224, 160


def subjects() -> Iterator[Subject]:
    """Yield the detectors; `export` needs no options, since the models hold them."""
    about = "KerasHub, from a small config"
    yield Subject("retinanet", about, retinanet, {}, _predicted)


def retinanet() -> keras.Model:
    """Return a RetinaNet on (160, 224, 3) with its preprocessor, its boxes and scores varied."""
    import keras_hub as hub

    shape = (HEIGHT, WIDTH, 3)
    encoder = hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 64, 64, 64],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        image_shape=shape,
    )
    backbone = hub.models.RetinaNetBackbone(
        image_encoder=encoder, min_level=3, max_level=7, use_p5=False, image_shape=shape
    )
    scale = np.array([0.229, 0.224, 0.225]) * 255
    converter = hub.layers.RetinaNetImageConverter(
        image_size=shape[:2],
        scale=(1 / scale).tolist(),
        offset=(-np.array([0.485, 0.456, 0.406]) * 255 / scale).tolist(),
        crop_to_aspect_ratio=False,
    )
    model = hub.models.RetinaNetObjectDetector(
        backbone=backbone,
        num_classes=5,
        pre_logits_num_conv_layers=2,
        preprocessor=hub.models.RetinaNetObjectDetectorPreprocessor(image_converter=converter),
    )
    return _rigged(model)


def _rigged(model: Any) -> keras.Model:
    """Give offsets of a quarter of an anchor, and a score above the threshold to few boxes."""
    images = np.random.default_rng(3).normal(0, 1, (4, HEIGHT, WIDTH, 3)).astype(np.float32)
    keras.utils.set_random_seed(3)
    randomize(model, 3, [images])
    out = {name: np.array(value) for name, value in model(images, training=False).items()}
    for head, name, spread, shift in (
        (model.box_head, "bbox_regression", 0.25, 0.0),
        (model.classification_head, "cls_logits", 1.0, -3.0),
    ):
        last = [layer for layer in head._flatten_layers() if isinstance(layer, keras.layers.Conv2D)]
        kernel, bias = last[-1].get_weights()
        gain = spread / out[name].std()
        last[-1].set_weights([kernel * gain, (bias - out[name].mean()) * gain + shift])
    return model


def _predicted(model: keras.Model, image: Array) -> Answer:
    x = model.preprocessor(image[None, ..., ::-1].astype(np.float32))
    out = model.decode_predictions(model(x, training=False), x)
    count = int(out["num_detections"][0])
    boxes, scores, classes = (
        np.array(out[key])[0, :count] for key in ("boxes", "confidence", "labels")
    )
    scale = np.divide((image.shape[1], image.shape[0]), (WIDTH, HEIGHT))
    return clipped(boxes[:, [1, 0, 3, 2]] * np.tile(scale, 2), scores, classes, image)
