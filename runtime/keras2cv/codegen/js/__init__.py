"""JavaScript programs: a module and a page for opencv.js, put together for a bundle's kind."""

from keras2cv.codegen.js.source_files import source_files
from keras2cv.codegen.language import Language
from keras2cv.codegen.tail_steps import lacking

JS = Language(
    title="JavaScript",
    source_files=source_files,
    lacking=lacking,
    next_step="README.md has the three commands that open the page.",
    decodes_heads=True,
    reads_belongings=True,
)

__all__ = ["JS"]
