"""`bench --html`: one self-contained page of a record, in the look of `check --html`.

record -sections-> HTML with inline SVG (charts); the record itself is in it as JSON
"""

from __future__ import annotations

from .write import page

__all__ = ["page"]
