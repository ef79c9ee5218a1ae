"""The few lines of cv2 that run a bundle's model without keras2cv."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from keras2cv.bundle.manifest import InputTensor, Manifest, Preprocessing
from keras2cv.net.opencv import version_tuple

# How cv2 does, or comes nearest to, each family of keras2cv.pixels.resize.INTERPOLATIONS.
_CV2_FLAG: Final = {
    "nearest": "INTER_NEAREST",
    "linear": "INTER_LINEAR",
    "area": "INTER_AREA",
    "cubic": "INTER_CUBIC",
    "lanczos4": "INTER_LANCZOS4",
    "tf-bilinear": "INTER_LINEAR",
    "tf-area": "INTER_AREA",
}
_ON_FLOATS: Final = ("tf-bilinear", "tf-area")  # equal to cv2's on float32, not on uint8


def opencv_snippet(manifest: Manifest, folder: Path) -> str:
    """Return Python code that reads the model in `folder`, feeds it, and has the outputs in `out`.

    Images are read and prepared by the manifest's preprocessing; other inputs come from `NAME.npy`,
    in the net's own shape.
    """
    return "\n".join(_lines(manifest, folder)) + "\n"


def _lines(manifest: Manifest, folder: Path) -> Iterator[str]:
    plain = {rules.input: rules for rules in manifest.pictures if rules.is_plain}
    has_std = any(value != 1 for rules in plain.values() for value in rules.std)
    yield "import cv2"
    if len(manifest.inputs) > len(plain) or has_std:
        yield "import numpy as np"
    yield from _net_lines(manifest, folder)
    if manifest.front is not None:
        yield "# The model's beginning is not in the net: manifest.json has its steps under front."
    for tensor in manifest.inputs:
        if tensor.name in plain:
            file = "photo.jpg" if len(plain) == 1 else f"{tensor.name}.jpg"
            yield from _image_lines(plain[tensor.name], file)
        else:
            if manifest.rules_of(tensor.name) is not None:
                yield f"# {tensor.name} prepared as manifest.json says; keras2cv does that."
            yield from _array_lines(tensor)
        yield f"net.setInput(blob, {tensor.net_name!r})"
    names = [tensor.net_name for tensor in manifest.net_outputs]
    shapes = ", ".join(str(tensor.net_shape) for tensor in manifest.net_outputs)
    yield f"out = net.forward({(names[0] if len(names) == 1 else names)!r})  # {shapes}"
    if manifest.tail is not None:
        yield "# The rest of the model is not in the net: manifest.json has its steps under tail."


def _net_lines(manifest: Manifest, folder: Path) -> Iterator[str]:
    path, engine = (folder / manifest.model.file).as_posix(), manifest.engine
    oldest = version_tuple(manifest.model.opencv)[:2]
    yield "version = tuple(int(part) for part in cv2.__version__.split('.')[:2])"
    yield f"assert version >= {oldest}, 'an older OpenCV may read the file and compute it wrongly'"
    if engine.name == "classic":
        yield "# OpenCV 5.0 has two engines; those before it have the classic one alone."
        yield "engine = {'engine': 1} if version >= (5, 0) else {}"
        yield f"net = cv2.dnn.readNet({path!r}, **engine)"
        yield "assert version < (5, 0) or net.getModelFormat() == 0, 'not the classic engine'"
    else:
        yield f"net = cv2.dnn.readNet({path!r})"
    if engine.name == "new":
        yield "assert net.getModelFormat() != 0, 'not the new engine, which came with OpenCV 5.0'"
    if not engine.fusion:
        yield "net.enableFusion(False)"
    if not engine.winograd:
        yield "net.enableWinograd(False)"


def _array_lines(tensor: InputTensor) -> Iterator[str]:
    yield f"blob = np.load({tensor.name + '.npy'!r}).astype(np.float32)  # {tensor.net_shape}"
    if len(tensor.net_shape) == 3:
        yield "blob = cv2.Mat(blob)  # or OpenCV before 4.11 takes it for an image with channels"


def _image_lines(rules: Preprocessing, file: str) -> Iterator[str]:
    yield f"image = cv2.imread({file!r})"
    if rules.color == "GRAY":
        yield "image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)"
    if rules.interpolation == "linear":
        yield "# On ARM, cv2 may resize otherwise, and crash: see `keras2cv doctor` there."
    yield from _resize_lines(rules)
    arguments = [f"scalefactor={exact(rules.scale)}"]
    if _resizes_in_blob(rules):
        arguments.append(f"size={tuple(rules.size_wh)}")
    if any(rules.mean):
        arguments.append(f"mean={rules.mean}")
    if rules.color == "RGB":
        arguments.append("swapRB=True")
    yield "blob = cv2.dnn.blobFromImage("
    yield f"    image, {', '.join(arguments)}"
    yield ")"
    if any(value != 1 for value in rules.std):
        yield f"blob /= np.float32({list(rules.std)}).reshape(1, -1, 1, 1)"


def _resize_lines(rules: Preprocessing) -> Iterator[str]:
    if _resizes_in_blob(rules):
        return
    if rules.interpolation not in _CV2_FLAG:
        yield f"# cv2 has no {rules.interpolation}: keras2cv has it exactly, this comes near."
    if rules.interpolation == "tf-bilinear":
        yield "# cv2 rounds positions otherwise than tf-bilinear: this comes near."
    if rules.interpolation in _ON_FLOATS:
        yield "image = image.astype('float32')"
    yield from _PLACING[rules.resize](rules)
    if rules.transpose:
        yield "image = cv2.transpose(image)"


def _resizes_in_blob(rules: Preprocessing) -> bool:
    """Return whether blobFromImage resizes just so."""
    return rules.resize == "stretch" and rules.interpolation == "linear" and not rules.transpose


def _stretch_lines(rules: Preprocessing) -> Iterator[str]:
    yield f"image = {_resized('image', tuple(rules.size_wh), rules)}"


def _crop_lines(rules: Preprocessing) -> Iterator[str]:
    width, height = rules.size_wh
    yield "height, width = image.shape[:2]"
    yield f"w = min(width, height * {width} // {height})"
    yield f"h = min(height, width * {height} // {width})"
    yield "x, y = (width - w) // 2, (height - h) // 2"
    yield f"image = {_resized('image[y:y + h, x:x + w]', (width, height), rules)}"


def _letterbox_lines(rules: Preprocessing) -> Iterator[str]:
    width, height = rules.size_wh
    yield "height, width = image.shape[:2]"
    yield f"shrink = max(width / {width}, height / {height})"
    yield "w, h = int(width / shrink), int(height / shrink)"
    yield f"x, y = int(({width} - width / shrink) / 2), int(({height} - height / shrink) / 2)"
    yield f"image = {_resized('image', '(w, h)', rules)}"
    bars = f"y, {height} - h - y, x, {width} - w - x"
    yield f"image = cv2.copyMakeBorder(image, {bars}, cv2.BORDER_CONSTANT, value=[{rules.pad}] * 3)"


def _pad_lines(rules: Preprocessing) -> Iterator[str]:
    width, height = rules.size_wh
    yield "height, width = image.shape[:2]"
    yield f"x = max(0, int(np.float32(height * {width}) / np.float32({height})) - width) // 2"
    yield f"y = max(0, int(np.float32(width * {height}) / np.float32({width})) - height) // 2"
    colour = f"cv2.BORDER_CONSTANT, value=[{rules.pad}] * 3"
    yield f"image = cv2.copyMakeBorder(image, y, y, x, x, {colour})"
    yield f"image = {_resized('image', (width, height), rules)}"


_PLACING: Final[Mapping[str, Callable[[Preprocessing], Iterator[str]]]] = {
    "stretch": _stretch_lines,
    "center-crop": _crop_lines,
    "letterbox": _letterbox_lines,
    "pad": _pad_lines,
}


def _resized(image: str, size: object, rules: Preprocessing) -> str:
    flag = _CV2_FLAG.get(rules.interpolation, "INTER_AREA")
    return f"cv2.resize({image}, {size}, interpolation=cv2.{flag})"


def exact(value: float) -> str:
    """Return the shortest code for exactly `value`: 1 / 255 rather than 0.00392156862745098."""
    if value == int(value):
        return str(int(value))
    inverse = f"{1 / value:g}"
    return f"1 / {inverse}" if 1 / float(inverse) == value else repr(value)
