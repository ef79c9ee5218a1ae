"""Pages in a headless browser: what axe-core finds, and what is wider than its window.

It examines single files, such as `check`, `evaluate` and `bench` write, and needs no Node: the
browser prints what axe has found. docs/site/pages.mjs examines the site, whose pages load others.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import pytest

WIDTHS: Final = (390, 768, 1280)  # pixels: a phone, a tablet, a desk
Look = Literal["light", "dark", "print"]
LOOKS: Final[tuple[Look, ...]] = ("light", "dark", "print")

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1400,1000", "--virtual-time-budget=60000",
    "--allow-file-access-from-files", "--dump-dom",
)  # fmt: skip
_TIMEOUT_S: Final = 240
_RUN: Final = """
<script>%s</script>
<script>
addEventListener("load", async () => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth)
    found.push("wider than the window: " + root.scrollWidth + " of " + root.clientWidth);
  const rules = {resultTypes: ["violations"]};
  const result = await axe.run(document, rules);
  for (const one of result.violations)
    for (const node of one.nodes.slice(0, 3))
      found.push(one.id + ": " + node.html.slice(0, 120) + " " + node.failureSummary);
  parent.postMessage([window.name, found], "*");
});
</script>
"""
_FRAME: Final = '<iframe name="{0}" width="{0}" height="2000" srcdoc="{1}"></iframe>'
_COLLECT: Final = """
<!doctype html><html lang="en"><title>frames</title><pre id="found">{}</pre><script>
addEventListener("message", event => {
  const pre = document.getElementById("found"), all = JSON.parse(pre.textContent);
  all[event.data[0]] = event.data[1];
  pre.textContent = JSON.stringify(all);
});
</script>
"""


def problems_of(page: str, look: Look, folder: Path) -> dict[int, list[str]]:
    """Return what is wrong with a page, by the width of its window.

    Args:
        page: Its HTML.
        look: The scheme that the reader prefers; "print" is a light page in its rules for paper.
        folder: For files.
    """
    if look == "print":
        page = page.replace("@media print", "@media all")
    tested = page.replace("</body>", _RUN % _axe().replace("</script", "<\\/script") + "</body>")
    frames = "".join(_FRAME.format(width, html.escape(tested, quote=True)) for width in WIDTHS)
    path = folder / f"{look}.html"
    path.write_text(_COLLECT + frames, encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if look == 'dark' else 1}"
    dom = _dom(path, scheme)
    inside = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert inside is not None, dom[:2000]
    found = json.loads(html.unescape(inside[1]))
    assert sorted(map(int, found)) == sorted(WIDTHS), found
    return {int(width): problems for width, problems in found.items()}


def _dom(path: Path, *flags: str) -> str:
    """Return what a page has become after its scripts ran."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [browser(), *_FLAGS, *flags, f"--user-data-dir={profile}", path.as_uri()],
            check=True,
            capture_output=True,
            encoding="utf-8",
            timeout=_TIMEOUT_S,
        )
    return done.stdout


def browser() -> str:
    """Return the browser's command; skip the test where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail("there is no browser. apt install chromium")
    return found or pytest.skip("there is no browser. apt install chromium")


def _axe() -> str:
    """Return the script of axe-core, which the package axe-core-python brings."""
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")
