"""The models: keras.applications with calibrated weights and newer ones, and how they grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import Any, Final

TYPICAL: Final = (
    "MobileNet", "MobileNetV2", "MobileNetV3Large", "EfficientNetB0", "EfficientNetV2B0",
    "NASNetMobile", "DenseNet121", "ResNet50", "ResNet50V2", "InceptionV3", "Xception",
    "ConvNeXtTiny", "VGG16", "U-Net",
)  # fmt: skip
NEWER: Final = (
    "ViT-S/16", "Swin-T", "SegFormer-B0", "RetinaNet-R50", "YOLOv8-n", "LSTM", "U-Net 3D",
)  # fmt: skip
HUB: Final = "keras_hub"  # registers the layers that files of its models name
SCALED: Final = "MobileNetV2"
ROUNDS: Final = 8
SIDES: Final = (96, 160, 224, 320, 448)
BATCHES: Final = (1, 2, 4, 8)
DEPTHS: Final = (2, 4, 8, 16, 32)
_USUAL_SIDE: Final[Mapping[str, int]] = {"InceptionV3": 299, "Xception": 299, "U-Net": 256}

# A classifier, a detector and a segmenter; pixels are resized as `tf.image.resize` does.
_ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "MobileNetV2": {"task": "classify"},
    "YOLOv8-n": {"task": "detect", "detect": {"head": {"family": "yolov8"}, "score": 0.25}},
    "SegFormer-B0": {"task": "segment", "segment": {"scores": "logits"}},
}


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes:
        name: Of its files, and in the page.
        group: "models", or the axis that grows: "size", "batch", "depth", "threads".
        model: Builds it.
        x: Its place on the axis of its group.
        batch: Samples per run.
        threads: None for all cores.
        side: Of the picture, pixels.
        preprocess: How a picture becomes its input; "" for a model of arrays.
        imports: Modules that have the layers that its file names.
        rounds: How many blocks are timed: fewer of a model whose run takes a second.
        answers: Options of `export` for the bundle that is timed from a file to its answer; none
            where that is not done.
    """

    name: str
    group: str
    model: Callable[[], Any]
    side: int
    preprocess: str
    x: float = 0.0
    batch: int = 1
    threads: int | None = None
    imports: tuple[str, ...] = ()
    rounds: int = ROUNDS
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The name of its files' folder."""
        return self.name.replace("/", "-").replace(" ", "-")


def cases(cores: int) -> tuple[Case, ...]:
    """Return everything that the page shows, the models first."""
    found = [_with_answers(model_case(name)) for name in TYPICAL] + newer_cases()
    found += [model_case(SCALED, side=s, group="size", x=s) for s in SIDES if s != 224]
    found += [model_case(SCALED, batch=b, group="batch", x=b) for b in BATCHES if b != 1]
    found += [
        Case(f"plain-{n}", "depth", lambda n=n: plain(n), 56, "tf", x=n)  # type: ignore[misc]
        for n in DEPTHS
    ]
    threads = sorted({1, *(2**k for k in range(1, 6) if 2**k < cores)} - {cores})
    found += [model_case(SCALED, threads=t, group="threads", x=t) for t in threads]
    return tuple(found)


def model_case(
    name: str,
    *,
    side: int | None = None,
    batch: int = 1,
    threads: int | None = None,
    group: str = "models",
    x: float = 0.0,
) -> Case:
    """Return the case of one of the models, at its usual size unless it grows.

    Args:
        name: "U-Net" or a name of keras.applications.
        side: Of the picture, pixels; None for the usual one.
        batch: Samples per run.
        threads: None for all cores.
        group: "models", or the axis that grows.
        x: Its place on that axis.
    """
    pixels = side or _USUAL_SIDE.get(name, 224)
    build = (lambda: unet(pixels)) if name == "U-Net" else (lambda: _built(name, pixels))
    ending = {"size": f"-{pixels}px", "batch": f"-batch{batch}", "threads": f"-threads{threads}"}
    own = name.startswith(("EfficientNet", "ConvNeXt", "MobileNetV3"))  # scale pixels themselves
    return Case(
        name + ending.get(group, ""),
        group,
        build,
        pixels,
        "none" if own else "tf",
        x,
        batch,
        threads,
    )


def newer_cases() -> list[Case]:
    """Return transformers, detectors, and models whose input is no picture."""
    hub, yolo, others = "hub_models", "yolo", "other_inputs"
    of_hub = {"imports": (HUB,)}
    kinds: tuple[tuple[str, str, str, int, str, Mapping[str, Any]], ...] = (
        ("ViT-S/16", hub, "vit_s16", 224, "tf", of_hub),
        ("Swin-T", hub, "swin_t", 224, "tf", of_hub),
        ("SegFormer-B0", hub, "segformer_b0", 256, "tf", of_hub),
        ("RetinaNet-R50", hub, "retinanet_r50", 512, "tf", {**of_hub, "rounds": 4}),
        ("YOLOv8-n", yolo, "yolov8n", 640, "0-1", {}),
        ("LSTM", others, "lstm", 0, "", {}),
        ("U-Net 3D", others, "unet_3d", 0, "", {}),
    )
    return [
        _with_answers(
            Case(name, "models", partial(_build, module, function), side, preprocess, **more)
        )
        for name, module, function, side, preprocess, more in kinds
    ]


def _build(module: str, function: str) -> Any:
    """Build a model of a module beside this one, which brings Keras."""
    return getattr(import_module(f"campaigns.performance.{module}"), function)()


def _with_answers(case: Case) -> Case:
    return replace(case, answers=_ANSWERS.get(case.name, {}))


def _built(name: str, side: int) -> Any:
    from campaigns.models import application

    return application(name, side)


def unet(side: int) -> Any:
    """Build a U-Net (Ronneberger et al. 2015) of four levels, 32 to 256 channels, two classes."""
    import keras

    from campaigns.models import calibrated

    layers = keras.layers

    def block(x: Any, channels: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        return x

    image = x = keras.Input((side, side, 3), name="image")
    skips = []
    for channels in (32, 64, 128):
        x = block(x, channels)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, 256)
    for channels, skip in zip((128, 64, 32), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(channels, 2, strides=2)(x)
        x = block(layers.Concatenate()([x, skip]), channels)
    return calibrated(keras.Model(image, layers.Conv2D(2, 1)(x), name="unet"))


def plain(blocks: int) -> Any:
    """Build a chain of 3x3 convolutions with 64 channels at 56x56: depth, and nothing else."""
    import keras

    from campaigns.models import calibrated

    layers = keras.layers
    image = keras.Input((56, 56, 3), name="image")
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(image)
    for _ in range(blocks):
        x = layers.Conv2D(64, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return calibrated(keras.Model(image, layers.Dense(10)(x), name=f"plain{blocks}"))
