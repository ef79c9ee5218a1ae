"""JavaScript programs: a module and a page for opencv.js, put together for a bundle's kind."""

from keras2cv.codegen.js.source_files import lacking, source_files
from keras2cv.codegen.language import Language

JS = Language(
    title="JavaScript",
    source_files=source_files,
    lacking=lacking,
    next_step="README.md has the three commands that open the page.",
)

__all__ = ["JS"]
