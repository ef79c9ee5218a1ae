"""Export conformance cases (the child's side of the atlas).

Writes, into a folder per case and batch size, `io.npz` (two samples and Keras' outputs for them), a
bundle of ours, and Keras' own ONNX export.
"""

from __future__ import annotations

import functools
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_SEEDS: Final = (5, 6)  # of the two samples; others than calibration's
_TOOLS: Final = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")

Array = Any


def answer(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Do one job of the suite in the folder "suite"."""
    return _bench(job["suite"]).answer(job)


def list_cases(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """List the suite in the folder "suite", with the versions of TensorFlow's tools."""
    folder = _importable(request["suite"])
    return {
        "cases": list(listing(folder)),
        "versions": {tool: version(tool) for tool in _TOOLS},
    }


@functools.cache
def _bench(suite: str) -> Bench:
    return Bench({case.name: case for case in all_cases(_importable(suite))})


def _importable(suite: str) -> Path:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # a GPU's TF32 would blur the reference
    folder = Path(suite).resolve()
    sys.path.insert(0, str(folder.parent))
    return folder


def all_cases(folder: Path) -> Sequence[Any]:
    """Return the suite's cases, in its own order."""
    cases: Sequence[Any] = import_module(f"{folder.name}.suite").all_cases()
    return cases


def listing(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield name, group, batch sizes and family of each case, and whether it is of the sample.

    A family is a module of cases.
    """
    families = dict(_families(folder))
    suite = import_module(f"{folder.name}.suite")
    sample = {case.name for case in suite.sample_cases()} if hasattr(suite, "sample_cases") else ()
    for case in all_cases(folder):
        module, about = families[case.name]
        listed = {"name": case.name, "group": case.group, "batches": list(case.batches)}
        sampled = case.name in sample
        yield {**listed, "family": module, "about": about, "sampled": sampled}


def _families(folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for info in pkgutil.iter_modules([str(folder)]):
        if info.name.startswith("test_"):
            continue
        module = import_module(f"{folder.name}.{info.name}")
        about = (module.__doc__ or info.name).strip().splitlines()[0]
        for case in module.cases() if hasattr(module, "cases") else ():
            yield case.name, (info.name, about)


class Bench:
    """Exports one case after the other; keeps the last model for further jobs of its case."""

    def __init__(self, cases: Mapping[str, Any]) -> None:
        self._cases = cases
        self._name = ""
        self._model: Any = None

    def answer(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outcome of a job: verdict, reason, and the names of its files."""
        from keras2cv.errors import Keras2cvError

        doing = {
            "ask": self._ask, "bundle": self._bundle, "frozen": self._bundle, "plain": self._plain,
        }[job["kind"]]  # fmt: skip
        try:
            return {"verdict": "pass", **doing(job)}
        except Keras2cvError as error:
            reason = " ".join(str(error).split())
            return {"verdict": "refused", "reason": reason, "refusal": type(error).__name__}
        except Exception as error:  # from Keras, TensorFlow or a bug of ours
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            ours = job["kind"] != "plain"
            return {"verdict": "crash" if ours else "fails", "reason": reason}

    def _ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Draw two samples, and let Keras predict them."""
        import numpy as np

        from keras2cv_export.model.load import load_model
        from keras2cv_export.model.reference import reference

        case, model, batch = self._cases[job["case"]], self._model_of(job["case"]), job["batch"]
        loaded = load_model(model, batch=batch, input_shapes=shapes_of(case, batch))
        run = reference(loaded)
        arrays: dict[str, Array] = {}
        for i, seed in enumerate(_SEEDS):
            inputs = case.inputs(model, batch, seed)
            given = dict(zip((spec.name for spec in loaded.inputs), inputs, strict=True))
            arrays |= {f"in/{i}/{k}": array for k, array in enumerate(inputs)}
            arrays |= {f"out/{i}/{k}": array for k, array in enumerate(run(given).values())}
        Path(job["folder"]).mkdir(parents=True, exist_ok=True)
        np.savez(Path(job["folder"], "io.npz"), **arrays)
        return {}

    def _bundle(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Export as a user does, for the oldest OpenCV that the job names."""
        from keras2cv_export import export, passes

        wish = {"opencv": job["opencv"]} if job["opencv"] else {}
        report = export(
            self._model_of(job["case"]),
            job["path"],
            format="frozen" if job["kind"] == "frozen" else "onnx",
            task="raw",
            check=False,
            batch=job["batch"],
            input_shapes=shapes_of(self._cases[job["case"]], job["batch"]),
            **wish,
        )
        home = Path(passes.__file__).parent / "legalise"
        fired = [name for name, _ in report.passes if list(home.glob(f"*/{name}.py"))]
        return {"rewrites": fired}

    def _plain(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Export as Keras does, and find its inputs and outputs: by name, otherwise in order."""
        import onnx

        from keras2cv_bench.calibrate import packed

        model = self._model_of(job["case"])
        case = self._cases[job["case"]]
        model(packed(model, case.inputs(model, case.batches[0], _SEEDS[0])))  # or Keras refuses
        Path(job["path"]).parent.mkdir(parents=True, exist_ok=True)
        model.export(job["path"], format="onnx", verbose=False)
        graph = onnx.load(job["path"], load_external_data=False).graph
        weights = {tensor.name for tensor in graph.initializer}
        names = [value.name for value in graph.input if value.name not in weights]
        wanted = [str(tensor.name) for tensor in getattr(model, "inputs", None) or ()]
        inputs = wanted if wanted and set(wanted) <= set(names) else names
        return {"inputs": inputs, "outputs": [value.name for value in graph.output]}

    def _model_of(self, name: str) -> Any:
        if name != self._name:
            import keras

            keras.backend.clear_session()
            self._model, self._name = self._cases[name].model(), name
        return self._model


def shapes_of(case: Any, batch: int) -> Any:
    """Return the value of `--input-shape`: none, one shape, or a shape per input."""
    shapes = {name: (batch, *shape) for name, shape in case.input_shapes.items()}
    if not shapes:
        return None
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes
