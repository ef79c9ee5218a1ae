"""The table of languages: a folder each, and a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from keras2cv.codegen.cpp import CPP
from keras2cv.codegen.java import JAVA
from keras2cv.codegen.js import JS
from keras2cv.codegen.language import Language
from keras2cv.codegen.python import PYTHON

LANGUAGES: Final[Mapping[str, Language]] = {
    "cpp": CPP,
    "java": JAVA,
    "js": JS,
    "python": PYTHON,
}
