"""`bench --html`: one self-contained page of a record, in the look of `check --html`.

Record -view, charts-> BenchPage -templates/bench.html.jinja-> one file, with the record as JSON
"""

from __future__ import annotations

from .write import page

__all__ = ["page"]
