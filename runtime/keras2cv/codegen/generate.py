"""From a bundle to the source files of a program that runs it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from keras2cv._version import VERSION
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle
from keras2cv.codegen.detector_traits import has_other_columns
from keras2cv.codegen.example_files import example_file
from keras2cv.codegen.language import Language
from keras2cv.codegen.languages import LANGUAGES
from keras2cv.codegen.special_pictures import PREPARATIONS, special_pictures
from keras2cv.codegen.template import applies
from keras2cv.codegen.traits import traits_of
from keras2cv.errors import UsageError
from keras2cv.net.opencv import OLDEST
from keras2cv.plain_files import write_whole
from keras2cv.tasks import TASKS
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.visible_text import shown

# The options of a program, and for which traits it has them.
_OPTIONS: Final[Mapping[str, str]] = {
    "[--top K]": "top",
    "[--score S]": "score",
    "[--json]": "",
    "[--save PATH]": "!arrays",
    "[--mask PATH]": "mask",
    "[--show]": "!inputs",
    "[--device NAME]": "",
}


def generate(bundle: Bundle, language: str, folder: Path) -> list[Path]:
    """Write a program for `bundle` into `folder`, which is created; return its files.

    Args:
        bundle: the program runs it, and every other bundle with the same traits.
        language: one of `LANGUAGES`.
        folder: files that it holds already are left alone.

    Raises:
        UsageError: no such language; the model remembers from call to call, or needs
            what the language lacks; or a file of the program exists with other content.
        OSError: `folder` cannot be written.
    """
    if bundle.manifest.states:
        raise UsageError(
            f"{bundle.folder} remembers from call to call, and programs of codegen do not. Use "
            "keras2cv.load() and predict(), or give the states to the net yourself."
        )
    if language not in LANGUAGES:
        raise UsageError(
            f"There is no language {language!r}. Choose one of {', '.join(LANGUAGES)}."
        )
    if missing := lacking(bundle.manifest, LANGUAGES[language]):
        raise UsageError(
            f"Programs in {LANGUAGES[language].title} do not have what {bundle.folder} needs: "
            f"{', '.join(missing)}. Use a Python program (--lang python)."
        )
    texts = program_files(bundle, language, folder)
    for name, text in texts.items():
        _check_free(folder / name, text)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, text.encode("utf-8", "backslashreplace"))
    return [folder / name for name in texts]


def lacking(manifest: Manifest, language: Language) -> list[str]:
    """Return what a bundle needs and programs in the language lack, each in words."""
    prepares = PREPARATIONS if language.prepares_all else language.prepares
    missing = special_pictures(manifest, prepares)
    missing += language.lacking(manifest)
    if manifest.front is not None and not language.looks_up:
        missing.append("text and hashes before the net")
    record = manifest.task.record
    if isinstance(record, DetectRecord) and not language.decodes_heads:
        if record.head is not None:
            missing.append(f"the decoding of a head ({record.head.form})")
        if record.multi_label:
            missing.append("several classes for a box")
    if isinstance(record, DetectRecord) and not language.reads_belongings:
        missing += [f"the {own} of boxes" for own in record.belongings]
        if has_other_columns(record):
            missing.append(f"the columns {record.columns}")
    return missing


def program_files(bundle: Bundle, language: str, folder: Path) -> dict[str, str]:
    """Return file name -> text of the program that `generate` writes into `folder`."""
    return LANGUAGES[language].source_files(bundle.manifest, _words(bundle, folder))


def _words(bundle: Bundle, folder: Path) -> dict[str, str]:
    """Return the value of each @word@ of the templates."""
    manifest, traits = bundle.manifest, traits_of(bundle.manifest)
    sources = "NAME=FILE..." if "inputs" in traits else "SOURCE..."
    title = TASKS[manifest.task.kind].title
    options = " ".join(name for name, wanted in _OPTIONS.items() if applies(wanted, traits))
    return {
        "kind": manifest.task.kind,
        "task": title,
        "title": title[0].upper() + title[1:],
        "sources": sources,
        "options": options,
        "version": VERSION,
        "oldest": ".".join(map(str, OLDEST)),
        "oldesttuple": ", ".join(map(str, OLDEST)),
        "command": f"python predict.py BUNDLE {sources}",
        "folder": bundle.folder.resolve().name,
        # These are for the README alone.
        "name": shown(bundle.folder.name).replace("`", "'"),
        "bundle": _quoted(_path_from(folder, bundle.folder)),
        "example": _example(bundle),
        "files": ", ".join(f"`{shown(t.name).replace('`', chr(39))}`" for t in manifest.inputs),
    }


def _example(bundle: Bundle) -> str:
    """Return example arguments that follow the program's name and the bundle."""
    manifest = bundle.manifest
    if "inputs" not in traits_of(manifest):
        file = example_file(manifest.preprocessing)
        return f"{file} --save drawn.{'mp4' if file.endswith('mp4') else 'png'}"
    files = {t.name: example_file(manifest.rules_of(t.name)) for t in manifest.inputs}
    return " ".join(_quoted(f"{name}={file}") for name, file in files.items())


def _quoted(word: str) -> str:
    """Return a word for a shell, on one line whatever is in it."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = shown(word.replace("\\", "\\\\")).replace("'", "\\'")
    return f"$'{escaped}'"


def _path_from(folder: Path, target: Path) -> str:
    """Return the path that leads from `folder` to `target`, for somebody working in `folder`."""
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return target.resolve().as_posix()


def _check_free(path: Path, text: str) -> None:
    """Raise `UsageError` if `path` exists with other content than would be written."""
    if not path.exists():
        return
    if not path.is_file() or path.read_bytes() != text.encode("utf-8", "backslashreplace"):
        raise UsageError(
            f"{path} exists, and is not what would be written there. "
            "Choose another folder, or remove it."
        )
