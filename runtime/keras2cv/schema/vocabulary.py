"""The words that a manifest may hold and the command line offers.

The standard library alone is needed to read them, so that `--help` waits for neither cv2 nor NumPy.
A task's own words lie with its record, in `keras2cv.tasks`.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

# The table of tasks: each is a folder of that name in `keras2cv.tasks` and `keras2cv_export.tasks`.
TaskName = Literal[
    "classify",
    "binary",
    "regress",
    "embed",
    "detect",
    "segment",
    "keypoints",
    "image",
    "text",
    "raw",
]
TASK_NAMES: Final[tuple[str, ...]] = get_args(TaskName)

Scores = Literal["softmax", "logits", "sigmoid", "linear"]

Status = Literal["verified", "unverified"]
Format = Literal["onnx", "frozen"]
Storage = Literal["fp16", "int8"]
SourceKind = Literal["keras", "h5", "savedmodel", "live", "onnx"]
EngineName = Literal["any", "new", "classic"]
RunEngine = Literal["new", "classic"]

Layout = Literal["same", "NCW", "NCHW", "NCDHW"]
DType = Literal[
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float16", "float32", "float64",
]  # fmt: skip

Color = Literal[
    "RGB", "BGR", "GRAY",
    "RGBA", "BGRA",  # of pictures with alpha, which cv2 reads as BGRA
    "CHANNELS",  # any number of channels in the model's own order
]  # fmt: skip
Depth = Literal[8, 16]  # bits of a channel
ResizeRule = Literal[
    "stretch",  # tf.image.resize, keras.layers.Resizing, load_img: the aspect ratio changes
    "letterbox",  # tf.image.resize_with_pad: all of the image, with bars
    "center-crop",  # smart_resize, load_img(keep_aspect_ratio=True): the middle of the image
    "pad",  # Resizing(pad_to_aspect_ratio=True): all of the image, with bars before the resize
]
RESIZE_RULES: Final[tuple[str, ...]] = get_args(ResizeRule)

INTERPOLATIONS: Final[tuple[str, ...]] = (
    # cv2.resize of uint8; "linear" is the resize of cv2.dnn.blobFromImage.
    "nearest",
    "linear",
    "area",
    "cubic",
    "lanczos4",
    # tf.image.resize, by its `method` and `antialias`; so also keras.layers.Resizing,
    # keras.ops.image.resize and keras.utils.image_dataset_from_directory.
    "tf-nearest",
    "tf-bilinear",
    "tf-bilinear-antialias",
    "tf-area",
    "tf-bicubic",
    "tf-bicubic-antialias",
    "tf-lanczos3",
    "tf-lanczos3-antialias",
    "tf-lanczos5",
    "tf-lanczos5-antialias",
    "tf-gaussian",
    "tf-gaussian-antialias",
    "tf-mitchellcubic",
    "tf-mitchellcubic-antialias",
    # PIL.Image.resize, by its `resample`, of Pillow through 12; so also keras.utils.load_img.
    "pil-nearest",
    "pil-bilinear",
    "pil-bicubic",
    "pil-lanczos",
    "pil-box",
    "pil-hamming",
    # The same of Pillow since 13, which may filter the height first.
    "pil13-bilinear",
    "pil13-bicubic",
    "pil13-lanczos",
    "pil13-box",
    "pil13-hamming",
)
