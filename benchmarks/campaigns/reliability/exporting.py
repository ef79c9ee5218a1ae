"""Exports by the hundred: TensorFlow converts and answers once, and every export writes for real.

A process that has imported TensorFlow is forked for each export. Only results of steps that write
nothing are reused: the loaded model, the converted graph, TensorFlow's answers. Recorded answers
may replace OpenCV's child process, whose start takes long.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from campaigns.fuzz.corpus import HEIGHT, WIDTH
from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import Keras2cvError
from keras2cv.isolation.bootstrap import die_with_parent

Export = Callable[[Path], None]


def small_model() -> Any:
    """Return a classifier (N, 20, 24, 3) -> (N, 4) with random weights."""
    import keras

    keras.utils.set_random_seed(3)
    image = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    x = keras.layers.Conv2D(5, 3, strides=2, activation="relu")(image)
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    return keras.Model(image, keras.layers.Dense(4, activation="softmax")(x))


@contextlib.contextmanager
def remembered_export(work: Path) -> Iterator[tuple[Export, Export]]:
    """Give two exports of a small model, the second without OpenCV's child process."""
    os.environ["KERAS2CV_OPEN_HERE"] = "1"
    from keras2cv_export import export as export_file
    from keras2cv_export import exporting
    from keras2cv_export.formats.formats import format_of
    from keras2cv_export.model.load import load_model
    from keras2cv_export.verifying.question import ask

    model = small_model()
    file = work / "model.keras"
    model.save(file)
    memory: dict[str, Any] = {}

    def once(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def remembered(*args: Any, **kwargs: Any) -> Any:
            if name not in memory:
                memory[name] = function(*args, **kwargs)
            return memory[name]

        return remembered

    def formats(name: str) -> Any:
        found = format_of(name)
        return dataclasses.replace(found, convert=once("convert", found.convert))

    def export(target: Path) -> None:
        export_file(file, target, preprocess="0-1", task="classify")

    with (
        mock.patch.object(exporting, "load_model", once("load", load_model)),
        mock.patch.object(exporting, "ask", once("ask", ask)),
        mock.patch.object(exporting, "format_of", formats),
        _recorded(work / "answers") as answered,
    ):
        export(work / "first.cv")

        def without_child(target: Path) -> None:
            with answered():
                export(target)

        yield export, without_child


@contextlib.contextmanager
def _recorded(folder: Path) -> Iterator[Callable[[], Any]]:
    """Record the answers of OpenCV's child processes; yield a function that replays them."""
    from keras2cv.trial import running

    folder.mkdir()
    real = running._run
    replies: dict[str, dict[str, Any]] = {}

    def record(request: Mapping[str, Any], *limits: Any) -> dict[str, Any]:
        engine = request["options"]["engine"]
        replies[engine] = real(request, *limits)
        shutil.copyfile(request["outputs"], folder / f"{engine}.npz")
        return replies[engine]

    def replay(request: Mapping[str, Any], *_: Any) -> dict[str, Any]:
        engine = request["options"]["engine"]
        shutil.copyfile(folder / f"{engine}.npz", request["outputs"])
        return replies[engine]

    with mock.patch.object(running, "_run", record):
        yield lambda: mock.patch.object(running, "_run", replay)


def fork(work: Callable[[], None]) -> int:
    """Start a child that does `work` and ends: 0 done, 1 one of our errors, 70 any other."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        die_with_parent()
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 1)
        try:
            work()
            code = 0
        except Keras2cvError as error:
            code = 1 if "\n" not in str(error) else 70
        except BaseException:
            import traceback

            traceback.print_exc()
    finally:
        os._exit(code)


def wait(pid: int) -> int:
    """Return the exit code of a child; negative is a signal's number."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def whole(target: Path) -> Bundle | None:
    """Return the bundle at `target`, every file read; None where there is nothing.

    Raises:
        BundleError: There is a bundle, and it is not whole.
    """
    if not target.exists():
        return None
    bundle = read_bundle(target)
    read_golden_vectors(bundle.selftest_path, bundle.manifest)
    return bundle


def leftovers(target: Path) -> list[str]:
    """Return the names of other files beside `target`."""
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def older_bundle(export: Export, target: Path) -> None:
    """Put a bundle at `target` that differs from the next export in its labels."""
    export(target)
    from keras2cv.bundle.writing import write_bundle

    bundle = read_bundle(target)
    task = dataclasses.replace(bundle.manifest.task, labels=("a", "b", "c", "d"))
    files = {name: (target / name).read_bytes() for name in ("model.onnx", "selftest.npz")}
    write_bundle(target, bundle.manifest.replace(task=task), dict(files))


def is_old(bundle: Bundle) -> bool:
    """Whether it is the bundle of `older_bundle`."""
    return bundle.manifest.task.labels is not None
