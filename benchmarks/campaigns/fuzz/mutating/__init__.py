"""Changes to files: `mutate(rng, data) -> data`, one module for each format that is understood.

A change depends on `rng` alone, so a seed and a number make the same file again.
"""

from __future__ import annotations

from .archives import mutate_archive
from .arrays import mutate_npy
from .graphs import mutate_graph, mutate_onnx
from .hdf5 import mutate_hdf5
from .meanings import mean_graph, mean_onnx
from .pictures import mutate_picture
from .raw import mutate_bytes
from .texts import mutate_json, mutate_text

__all__ = [
    "mean_graph",
    "mean_onnx",
    "mutate_archive",
    "mutate_bytes",
    "mutate_graph",
    "mutate_hdf5",
    "mutate_json",
    "mutate_npy",
    "mutate_onnx",
    "mutate_picture",
    "mutate_text",
]
