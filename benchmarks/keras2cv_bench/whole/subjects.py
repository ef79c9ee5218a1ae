"""The ways from a file to an answer that are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keras2cv_bench.subjects import OURS, PREDICT, SUBJECTS, Subject

BUNDLE: Final = "bundle"
TUTORIAL: Final = "tutorial"


@dataclass(frozen=True)
class WaySubject:
    """A way.

    Attributes:
        name: In records, and its module in `keras2cv_bench.whole.ways`.
        title: In tables.
        net: The subject of `bench` whose file it loads.
        peer: Its name in `--peers`; "" is always in.
        needs: The modules that have to be installed.
        installs: The distributions to install for it; "cv2" is any wheel of OpenCV.
    """

    name: str
    title: str
    net: Subject
    peer: str
    needs: tuple[str, ...]
    installs: tuple[str, ...]


_NETS: Final = {subject.name: subject for subject in SUBJECTS}
WAYS: Final[tuple[WaySubject, ...]] = (
    WaySubject(BUNDLE, "this bundle", _NETS[OURS], "", (), ("keras2cv", "cv2", "numpy")),
    WaySubject(
        TUTORIAL, "load_img, predict", _NETS[PREDICT], "", ("PIL",), ("tensorflow", "pillow")
    ),
    WaySubject("tf_data", "tf.data, predict", _NETS[PREDICT], "tf", (), ("tensorflow",)),
    WaySubject(
        "onnx_cv2", "ort, cv2", _NETS["onnxruntime"], "ort", ("onnxruntime",),
        ("onnxruntime", "cv2"),
    ),
    WaySubject(
        "onnx_pil", "ort, Pillow", _NETS["onnxruntime"], "ort", ("onnxruntime", "PIL"),
        ("onnxruntime", "pillow"),
    ),
)  # fmt: skip


def wanted(peers: Sequence[str]) -> tuple[WaySubject, ...]:
    """Return the ways of some peers, this bundle and the tutorials' loop first."""
    return tuple(way for way in WAYS if not way.peer or way.peer in peers)
