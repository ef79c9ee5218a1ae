"""The version, beside the code so that reading it costs nothing; a test holds it to pyproject."""

from typing import Final

VERSION: Final = "0.1.0"
