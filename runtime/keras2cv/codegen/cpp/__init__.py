"""C++ libraries, each with a program: what lies in `templates/`, put together for a bundle."""

from keras2cv.codegen.cpp.source_files import lacking, source_files
from keras2cv.codegen.language import Language

CPP = Language(
    title="C++",
    source_files=source_files,
    lacking=lacking,
    decodes_heads=True,
    reads_belongings=True,
    prepares_all=True,
    next_step="README.md has the lines for your own project, and builds and runs the program.",
)

__all__ = ["CPP"]
