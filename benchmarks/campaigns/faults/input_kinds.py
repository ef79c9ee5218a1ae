"""Faults in how further inputs are prepared: of several pictures, clips, 16 bits and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .fault import Fault

_FIRST, _SECOND = "preprocessing", "more_pictures.0"
_RULES: Final = ("color", "mean", "scale", "std", "source")


def _exchanged(manifest: dict[str, Any]) -> None:
    one, two = manifest["preprocessing"], manifest["more_pictures"][0]
    for key in _RULES:
        one[key], two[key] = two[key], one[key]


def _inputs_exchanged(manifest: dict[str, Any]) -> None:
    one, two = manifest["preprocessing"], manifest["more_pictures"][0]
    one["input"], two["input"] = two["input"], one["input"]


_TABLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "two pictures": {
        "both pictures' rules exchanged": _exchanged,
        "the pictures exchanged": _inputs_exchanged,
        "RGB for BGR, of the first": {f"{_FIRST}.color": "RGB"},
        "mean of the second": {f"{_SECOND}.mean": [100.0] * 3},
        "one channel's mean of the second": {f"{_SECOND}.mean": lambda m: [m[0], m[1] + 9, m[2]]},
        "nearest, of the second": {f"{_SECOND}.interpolation": "nearest"},
        "a letterbox, of the second": {f"{_SECOND}.resize": "letterbox", f"{_SECOND}.pad": 0},
        "the second one's rules, of a file": {
            f"{_SECOND}.mean": [0.0] * 3, f"{_SECOND}.source": "file",
        },
        "the second one's scale, said torch": {
            f"{_SECOND}.scale": 1 / 255, f"{_SECOND}.source": "preset torch",
        },
    },
    "picture and numbers": {
        "RGB for BGR": {f"{_FIRST}.color": "BGR"},
        "mean of one channel": {f"{_FIRST}.mean": lambda m: [m[0], m[1], m[2] + 20]},
        "area": {f"{_FIRST}.interpolation": "area"},
        "numbers said to be whole": {"inputs.1.dtype": "int32"},
    },
    "clip": {
        "a stride of 1": {f"{_FIRST}.clip.stride": 1},
        "a hop of 1": {f"{_FIRST}.clip.hop": 1},
        "a window of 3": {f"{_FIRST}.clip.window": 3},
        "BGR for RGB": {f"{_FIRST}.color": "BGR"},
        "nearest": {f"{_FIRST}.interpolation": "nearest"},
        "not scaled": {f"{_FIRST}.scale": 1.0},
    },
    "16 bits": {
        "8 bits": {f"{_FIRST}.depth": None},
        "8 bits, scaled": {f"{_FIRST}.depth": None, f"{_FIRST}.scale": 1 / 255},
        "scaled as 8 bits": {f"{_FIRST}.scale": 1 / 255},
        "scaled by 65536": {f"{_FIRST}.scale": 1 / 65536},
        "a letterbox of white": {f"{_FIRST}.resize": "letterbox", f"{_FIRST}.pad": 65535},
        "nearest": {f"{_FIRST}.interpolation": "nearest"},
        "cubic": {f"{_FIRST}.interpolation": "cubic"},
    },
    "five channels": {
        "a channel's mean": {f"{_FIRST}.mean": lambda m: [*m[:4], 30.0]},
        "not scaled": {f"{_FIRST}.scale": 1.0},
    },
    "classify": {
        "upside down": {f"{_FIRST}.transpose": 1},
        "antialiased": {f"{_FIRST}.interpolation": "tf-bilinear-antialias"},
        "Pillow's bilinear": {f"{_FIRST}.interpolation": "pil-bilinear"},
        "cubic": {f"{_FIRST}.interpolation": "cubic"},
        "lanczos": {f"{_FIRST}.interpolation": "lanczos"},
        "two channels' means exchanged": {f"{_FIRST}.mean": [127.5, 120.0, 135.0]},
        "std of one channel": {f"{_FIRST}.std": [1.0, 1.02, 1.0]},
        "scale 1/128": {f"{_FIRST}.scale": 1 / 128},
        "mean 128": {f"{_FIRST}.mean": [128.0] * 3},
    },
}  # fmt: skip

_UNSEEN: Final = ("a stride of 1", "a hop of 1")


def _faults() -> list[Fault]:
    found = []
    for subject, table in _TABLE.items():
        for what, change in table.items():
            group = "clips" if what in _UNSEEN else "preprocessing"
            edit = change if callable(change) else None
            changes: Mapping[str, Any] = {} if callable(change) else change
            found.append(Fault(subject, group, what, changes, edit=edit))
    return found


Edit = Callable[[dict[str, Any]], None]
INPUT_FAULTS: Final = _faults()
