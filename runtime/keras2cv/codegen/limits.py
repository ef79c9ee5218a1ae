"""What a program of OpenCV alone cannot do, said before one is written."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle import Bundle
from keras2cv.errors import UnsupportedError
from keras2cv.manifest import Kind, Preprocessing

KINDS: Final[tuple[Kind, ...]] = ("classify", "binary", "regress", "raw")

# The interpolations that are a call of cv::resize. "tf-bilinear" is cv2's linear, on float32.
INTERPOLATIONS: Final = ("nearest", "linear", "area", "cubic", "lanczos4", "tf-bilinear")


def check_program_can_run(bundle: Bundle) -> None:
    """Raise unless OpenCV alone turns an image into the bundle's answer, by the same numbers.

    Raises:
        UnsupportedError: with what is in the way, and the ways around it.
    """
    if (kind := bundle.manifest.task.kind) not in KINDS:
        raise UnsupportedError(
            f"{bundle.folder} is for the task {kind}, and programs are written for "
            f"{', '.join(KINDS)}. Run it with keras2cv.load(), which needs cv2 and NumPy."
        )
    if bundle.manifest.tail is not None:
        raise UnsupportedError(
            f"{bundle.folder} finishes after the net, by steps that OpenCV has nothing for. "
            "Run it with keras2cv.load(), which needs cv2 and NumPy."
        )
    rules = bundle.manifest.preprocessing
    if rules is None:
        raise UnsupportedError(
            f"{bundle.folder} takes arrays: it does not say how an image becomes its input, and "
            "the program reads images. Export it with --preprocess, or start from the lines that "
            "`keras2cv info` shows."
        )
    if len(inputs := bundle.manifest.inputs) != 1:
        raise UnsupportedError(
            f"{bundle.folder} has the inputs {', '.join(t.name for t in inputs)}, and the program "
            "fills one, with an image. Start from the lines that `keras2cv info` shows."
        )
    _check_interpolation(bundle, rules)


def _check_interpolation(bundle: Bundle, rules: Preprocessing) -> None:
    if rules.interpolation in INTERPOLATIONS:
        return
    library = "TensorFlow's" if rules.interpolation.startswith("tf-") else "Pillow's"
    raise UnsupportedError(
        f"{bundle.folder} resizes by {library} {rules.interpolation!r}, which no call of OpenCV "
        "repeats exactly. Run it with keras2cv.load(), which does so with cv2 and NumPy, or export "
        f"it with --interpolation {', '.join(INTERPOLATIONS[:-1])} or {INTERPOLATIONS[-1]}, whose "
        "predictions differ a little."
    )
