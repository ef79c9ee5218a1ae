"""What a program of OpenCV alone cannot do, said before one is written."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle import Bundle
from keras2cv.errors import UnsupportedError
from keras2cv.manifest import Preprocessing

# The interpolations that are a call of cv::resize ("tf-bilinear" is cv2's linear, on float32), and
# those that pick a pixel each.
INTERPOLATIONS: Final = (
    "nearest", "linear", "area", "cubic", "lanczos4", "tf-bilinear", "tf-nearest", "pil-nearest",
)  # fmt: skip


def check_program_can_run(bundle: Bundle) -> None:
    """Raise unless OpenCV alone turns an image into the bundle's answer, by the same numbers.

    Raises:
        UnsupportedError: with what is in the way, and the ways around it.
    """
    rules = bundle.manifest.preprocessing
    if rules is not None:
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
