"""JavaScript programs: a module and a page for opencv.js, put together for a bundle's kind."""

from keras2cv.codegen.js.source_files import missing, source_files
from keras2cv.codegen.language import Language

JS = Language(
    title="JavaScript",
    source_files=source_files,
    lacking=missing,
    next_step="README.md has the three commands that open the page.",
    decodes_heads=True,
    reads_belongings=True,
    prepares_all=True,
)

__all__ = ["JS"]
