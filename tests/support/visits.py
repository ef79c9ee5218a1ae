"""Pages that work for a while in a headless browser, and post what they found."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final

from support.browser import browser

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


class _Handler(SimpleHTTPRequestHandler):
    """Serves folders by the first part of a path, and keeps what is posted."""

    extensions_map: ClassVar[dict[str, str]] = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
    }

    def __init__(self, visit: _Visit, *arguments: Any) -> None:
        self._visit = visit
        super().__init__(*arguments)

    def translate_path(self, path: str) -> str:
        first, _, rest = path.partition("?")[0].lstrip("/").partition("/")
        folder = self._visit.folders.get(first)
        return "/nowhere" if folder is None else super().translate_path("/" + rest)

    def send_head(self) -> Any:
        first = self.path.partition("?")[0].lstrip("/").partition("/")[0]
        self.directory = str(self._visit.folders.get(first, "/nowhere"))
        return super().send_head()

    def do_POST(self) -> None:
        self._visit.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class _Visit:
    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders, self.done = folders, threading.Event()
        self.records: list[Any] = []

    def take(self, record: Any) -> None:
        self.records.append(record)
        if isinstance(record, dict) and record.get("done"):
            self.done.set()


def visit(path: str, folders: Mapping[str, Path], *flags: str, timeout_s: float = 300) -> list[Any]:
    """Open a page, and return what it posts until it posts {"done": true}, which comes last.

    Args:
        path: Of the page, such as "js/run.html?x=1".
        folders: What is served, by the first part of a path.
        *flags: Of the browser.
        timeout_s: How long it may take.
    """
    kept = _Visit(folders)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, kept))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_port}/{path}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser(), *_FLAGS, *flags, f"--user-data-dir={profile}", url]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            try:
                assert kept.done.wait(timeout_s), kept.records[-3:]
            finally:
                run.kill()
                server.shutdown()
                server.server_close()
    return kept.records
