"""Words that a part of a Java package cannot have."""

from __future__ import annotations

from typing import Final

RESERVED: Final = frozenset((
    "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "const",
    "continue", "default", "do", "double", "else", "enum", "extends", "false", "final", "finally",
    "float", "for", "goto", "if", "implements", "import", "instanceof", "int", "interface", "long",
    "native", "new", "null", "package", "private", "protected", "public", "return", "short",
    "static", "strictfp", "super", "switch", "synchronized", "this", "throw", "throws", "true",
    "transient", "try", "var", "void", "volatile", "while",
))  # fmt: skip
