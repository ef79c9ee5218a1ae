"""How the page looks: one sheet for light and dark, screen and paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --back: #f6f7f9; --card: #fff; --ink: #1c2128; --soft: #66707d; --edge: #dde1e7;
  --good: #14804a; --bad: #c62f3a; --maybe: #a86400; --main: #2a6fdb;
  --s0: #7b61c9; --s1: #d9822b; --s2: #2e9e8f; --s3: #2a6fdb; }
@media (prefers-color-scheme: dark) { :root {
  --back: #14171c; --card: #1d2128; --ink: #e6e9ee; --soft: #98a2b0; --edge: #323843;
  --good: #43c585; --bad: #ff6b74; --maybe: #eab04c; --main: #6ba2ff;
  --s0: #a48ff0; --s1: #f0a35a; --s2: #5bc9b9; --s3: #6ba2ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.02em; }
h2 { font-size: 19px; margin: 0 0 12px; letter-spacing: -.01em; }
h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 6px 0; } code { font: 13px/1.4 ui-monospace, SFMono-Regular, Consolas, monospace; }
.soft { color: var(--soft); } .num { font-variant-numeric: tabular-nums; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 12px;
  padding: 20px 22px; margin: 18px 0; }
.head { border-left: 8px solid var(--tone); }
.pass { --tone: var(--good); } .fail { --tone: var(--bad); } .inconclusive { --tone: var(--maybe); }
.badge { display: inline-block; padding: 2px 12px; border-radius: 99px; background: var(--tone);
  color: var(--card); font-weight: 650; font-size: 14px; vertical-align: 3px; }
.word { color: var(--tone); font-weight: 650; }
ul.reasons { margin: 10px 0 4px; padding-left: 20px; } ul.reasons li { margin: 5px 0; }
table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--edge);
  white-space: nowrap; }
th { font-weight: 550; color: var(--soft); font-size: 13px; } td.r, th.r { text-align: right; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 14px; }
.views { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 14px; }
figure { margin: 0; } figure img { width: 100%; border-radius: 8px; display: block;
  background: #000; image-rendering: auto; }
figcaption { color: var(--soft); font-size: 13px; padding-top: 5px; }
svg { width: 100%; height: auto; display: block; overflow: visible; }
svg text { fill: var(--soft); font-size: 11px; } svg .title { font-size: 12px; }
svg .note { fill: var(--bad); font-weight: 600; paint-order: stroke; stroke: var(--card);
  stroke-width: 4px; } svg .label { fill: var(--ink); font-size: 14px; }
svg .onbar { fill: var(--card); font-size: 17px; font-weight: 600; }
.axis { stroke: var(--edge); } .ideal { stroke: var(--soft); stroke-dasharray: 3 4; }
.limit { stroke: var(--bad); stroke-dasharray: 5 4; stroke-width: 1.5; }
.bar { fill: var(--main); } .bar.bad { fill: var(--bad); }
.dot { fill: var(--main); fill-opacity: .55; } .dot.bad { fill: var(--bad); fill-opacity: .8; }
.stem { stroke: var(--main); stroke-opacity: .35; fill: var(--main); }
.stem.bad, .stem.bad .stem { stroke: var(--bad); fill: var(--bad); }
.stage0 { fill: var(--s0); } .stage1 { fill: var(--s1); } .stage2 { fill: var(--s2); }
.stage3 { fill: var(--s3); }
.pace0 { fill: var(--main); } .pace1, .pace2 { fill: var(--soft); fill-opacity: .55; }
.run { fill: var(--ink); fill-opacity: .35; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
footer { color: var(--soft); font-size: 13px; margin-top: 26px; }
@media print { .card { break-inside: avoid; } body { background: none; } }
"""
