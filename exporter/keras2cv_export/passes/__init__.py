"""The compiler: every rewrite between the converted graph and the file that OpenCV reads."""

from __future__ import annotations

from .pipeline import OPTIONAL, STAGES, pipeline
from .registry import Rewrite
from .stages.compress import AFTER_COMPRESS, COMPRESS

__all__ = ["AFTER_COMPRESS", "COMPRESS", "OPTIONAL", "STAGES", "Rewrite", "pipeline"]
