"""What pages about speed have beyond the common style."""

from __future__ import annotations

from typing import Final

SPEED_STYLE: Final = """
.claim { font-size: 21px; margin: 10px 0 8px; } .claim b { font-weight: 680; }
.time.ours { fill: var(--main); } .time.theirs { fill: var(--soft); fill-opacity: .38; }
.time.wrong { fill: var(--bad); fill-opacity: .35; }
svg .label.ours { fill: var(--ink); font-weight: 650; } svg .label.theirs { fill: var(--soft); }
svg .label.wrong { fill: var(--bad); } svg .label.small { font-size: 12px; }
.run { fill: var(--ink); fill-opacity: .28; }
.grid-line { stroke: var(--edge); } .trend { fill: none; stroke-width: 2; stroke: var(--soft);
  stroke-opacity: .45; } .trend.ours { stroke: var(--main); stroke-width: 3; stroke-opacity: 1; }
.mark { fill: var(--soft); fill-opacity: .6; } .mark.ours { fill: var(--main); fill-opacity: 1; }
table { margin-top: 14px; }
"""
