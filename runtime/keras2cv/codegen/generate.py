"""From a bundle to the source files of a program that runs it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from keras2cv._version import VERSION
from keras2cv.bundle import Bundle
from keras2cv.codegen.limits import check_program_can_run
from keras2cv.errors import UsageError
from keras2cv.manifest import Kind
from keras2cv.opencv import OLDEST

_CPP_FILES: Final = (
    "CMakeLists.txt",
    "README.md",
    "main.cpp",
    "manifest.hpp",
    "prepare.hpp",
    "model.hpp",
    "drawing.hpp",
    "json.hpp",
)
_TITLES: Final[Mapping[Kind, str]] = {
    "classify": "one of many classes",
    "binary": "yes or no",
    "regress": "numbers",
    "raw": "every output as it is",
}
_ONLY: Final = re.compile(r" *(?://|#)@only (?P<kinds>[a-z ]+)$")


def generate(bundle: Bundle, language: str, folder: Path) -> list[Path]:
    """Write a program for `bundle` into `folder`, which is created; return its files.

    Args:
        bundle: what the program is for, and every other bundle of the same task kind.
        language: one of `LANGUAGES`.
        folder: files that it holds already are left alone.

    Raises:
        UnsupportedError: OpenCV alone cannot do what the bundle asks for.
        UsageError: no such language; or a file of the program exists with other content.
        OSError: `folder` cannot be written.
    """
    if language not in LANGUAGES:
        raise UsageError(
            f"There is no language {language!r}. Choose one of {', '.join(LANGUAGES)}."
        )
    check_program_can_run(bundle)
    texts = program_files(bundle, language, folder)
    for name, text in texts.items():
        _check_free(folder / name, text)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def program_files(bundle: Bundle, language: str, folder: Path) -> dict[str, str]:
    """Return file name -> text of the program that `generate` writes into `folder`."""
    words = _words(bundle, folder)
    kind = bundle.manifest.task.kind
    return {name: _fill(text, kind, words) for name, text in LANGUAGES[language](kind).items()}


def _cpp(kind: Kind) -> dict[str, str]:
    texts = {name: _template(f"cpp/{name}") for name in _CPP_FILES}
    return {**texts, "answer.hpp": _template(f"cpp/answer/{kind}.hpp")}


def _python(kind: Kind) -> dict[str, str]:
    answer = _template(f"python/answer/{kind}.py.in")
    return {"predict.py": _template("python/predict.py.in").replace("@answer@\n", answer)}


LANGUAGES: Final[Mapping[str, Callable[[Kind], dict[str, str]]]] = {"cpp": _cpp, "python": _python}


def _template(name: str) -> str:
    return (files("keras2cv.codegen") / "templates" / name).read_text(encoding="utf-8")


def _words(bundle: Bundle, folder: Path) -> dict[str, str]:
    """Return what stands for each @word@ of the templates."""
    kind = bundle.manifest.task.kind
    options = "[--json] [--save PICTURE]"
    return {
        "kind": kind,
        "task": _TITLES[kind],
        "name": bundle.folder.name,
        "bundle": shlex.quote(_path_from(folder, bundle.folder)),
        "version": VERSION,
        "oldest": ".".join(map(str, OLDEST)),
        "options": f"[--top K] {options}" if kind == "classify" else options,
    }


def _fill(text: str, kind: Kind, words: Mapping[str, str]) -> str:
    lines = []
    for line in text.splitlines():
        mark = _ONLY.search(line)
        if mark is None or kind in mark["kinds"].split():
            lines.append(line[: mark.start()] if mark else line)
    filled = "\n".join(lines) + "\n"
    return re.sub(r"@([a-z]+)@", lambda found: words[found[1]], filled)


def _path_from(folder: Path, target: Path) -> str:
    """Return the path that leads from `folder` to `target`, for somebody working in `folder`."""
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return target.resolve().as_posix()


def _check_free(path: Path, text: str) -> None:
    """Raise `UsageError` if `path` is there and is not what would be written."""
    if not path.exists():
        return
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        raise UsageError(
            f"{path} exists, and is not what would be written there. "
            "Choose another folder, or remove it."
        )
