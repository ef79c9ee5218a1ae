"""`keras2cv codegen`: programs that run a bundle with OpenCV and nothing else.

A program reads the bundle's manifest when it starts, so one program serves every bundle of its
task kind. A Python program is an example, `predict.py`, and the runtime's own modules beside it, as
many as its kind needs. A C++ program is what lies in `cpp/templates/`, put together for the kind:

    @name@            a word of `_words`, such as the kind or the bundle's path
    //@only kind ...  at the end of a line (#@only in Python): the line is for those kinds alone
"""

from keras2cv.codegen.generate import generate, program_files
from keras2cv.codegen.languages import LANGUAGES

__all__ = ["LANGUAGES", "generate", "program_files"]
