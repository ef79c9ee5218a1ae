"""The options of the exporter's functions and verbs, known and checked without TensorFlow."""

from .check_options import CheckOptions
from .export_options import DESCRIBED_TASKS, MEANING, NET, ExportOptions
from .option import Named, Option, in_group, options_of
from .ready import require_checkable, require_ready
from .shapes import input_shapes

__all__ = [
    "DESCRIBED_TASKS",
    "MEANING",
    "NET",
    "CheckOptions",
    "ExportOptions",
    "Named",
    "Option",
    "in_group",
    "input_shapes",
    "options_of",
    "require_checkable",
    "require_ready",
]
