"""Java: a Maven and Gradle module for `org.opencv`, made of what lies in `templates/`."""

from keras2cv.codegen.java.source_files import lacking, source_files
from keras2cv.codegen.language import Language

JAVA = Language(
    title="Java",
    source_files=source_files,
    lacking=lacking,
    decodes_heads=True,
    reads_belongings=True,
    prepares_all=True,
    next_step="README.md has the lines that build, run and embed it.",
)

__all__ = ["JAVA"]
