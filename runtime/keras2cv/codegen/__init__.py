"""`keras2cv codegen`: programs that run a bundle with OpenCV and nothing else.

A program reads the bundle's manifest when it starts, so one program serves every bundle of its
task kind. What is written is what lies in `templates/`, put together for the kind:

    @name@            a word of `_words`, such as the kind or the bundle's path
    //@only kind ...  at the end of a line (#@only in Python): the line is for those kinds alone
"""

from keras2cv.codegen.generate import LANGUAGES, generate, program_files

__all__ = ["LANGUAGES", "generate", "program_files"]
