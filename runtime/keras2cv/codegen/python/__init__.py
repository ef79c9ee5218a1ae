"""Python programs: an example, and the runtime's own modules beside it."""

from keras2cv.codegen.language import Language
from keras2cv.codegen.python.source_files import source_files

PYTHON = Language(
    title="Python",
    source_files=source_files,
    lacking=lambda _manifest: (),
    next_step="`python predict.py --help` explains how to run it.",
    decodes_heads=True,
    reads_belongings=True,
    prepares_all=True,
    looks_up=True,
)

__all__ = ["PYTHON"]
