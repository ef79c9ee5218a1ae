"""The verbs on a played system: `python system_child.py FOLDER` writes what they did to a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = "results.json"
NAME = "cät 猫"  # no code page of Windows' has all of it


def runtime_steps(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield each step's name and its outcome: an exit code, or what was found."""
    import keras2cv
    from keras2cv.cli import main
    from keras2cv.errors import UsageError
    from support.tiny_bundle import Classifier

    bundle, photos = folder / f"{NAME}.cv", folder / "photos ß"
    lines, image = str(folder / f"{NAME}.jsonl"), str(photos / f"{NAME} 0.png")
    yield "system", [os.name, sys.platform]
    for words in (
        ["info", str(bundle)],
        ["selftest", str(bundle), "--json", str(folder / "selftest.json")],
        ["run", str(bundle), image, "--save", str(folder / "drawn 猫.png")],
        ["run", str(bundle), str(photos), "--json", lines],
        ["run", str(bundle), str(photos), "--json", lines, "--resume"],
        ["codegen", str(bundle), "--lang", "python", "-o", str(folder / "program 猫")],
        ["codegen", str(bundle), "--lang", "cpp", "-o", str(folder / "cpp 猫")],
        ["doctor", "--json", str(folder / "doctor.json")],
    ):
        yield " ".join(words[:1] + words[-1:]), main(words)
    yield "lines", len(Path(lines).read_text(encoding="utf-8").splitlines())
    from keras2cv.net.engines import ENGINES

    models = [keras2cv.load(bundle, engine=engine) for engine in ENGINES]
    yield "engines", [model.engine for model in models] == list(ENGINES)
    Classifier(3).write(bundle)  # while it is loaded
    yield "replaced", keras2cv.load(bundle).manifest.model.batch
    with (bundle / "model.onnx").open("rb"):
        try:
            Classifier(2).write(bundle)
        except UsageError as error:
            yield "in use", str(error)
    yield "whole", keras2cv.load(bundle).manifest.model.batch
    yield "left", sorted(path.name for path in folder.glob("*.tmp-*"))


def exporter_steps(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield each step's name and its exit code."""
    from keras2cv.cli import main

    model, bundle = folder / f"{NAME}.keras", folder / f"{NAME}.cv"
    export = ["export", str(model), "-o", str(bundle), "--preprocess", "0-1"]
    against = ["--against", str(model), "--no-speed"]
    for words in (
        export,
        export,  # once more, over the first
        ["check", str(bundle), *against, "--html", str(folder / "check 猫.html")],
        ["inspect", str(model), "--json", str(folder / "inspect 猫.json")],
        ["info", str(bundle)],
    ):
        yield " ".join(words[:1] + words[-1:]), main(words)
    yield "left", sorted(path.name for path in folder.glob("*.tmp-*"))


if __name__ == "__main__":
    place = Path(sys.argv[2])
    steps = {"runtime": runtime_steps, "exporter": exporter_steps}[sys.argv[1]](place)
    found = list(steps)
    (place / RESULTS).write_text(json.dumps(found), encoding="utf-8")
