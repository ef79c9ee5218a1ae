"""C++ programs: what lies in `templates/`, put together for a bundle's kind."""

from keras2cv.codegen.cpp.source_files import lacking, source_files
from keras2cv.codegen.language import Language

CPP = Language(
    title="C++",
    source_files=source_files,
    lacking=lacking,
    next_step="README.md has the three commands that build and run it.",
)

__all__ = ["CPP"]
