"""`keras2cv.evaluate`, as users call it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

from keras2cv.errors import UsageError
from keras2cv.evaluation.companion import load_companion
from keras2cv.evaluation.data.find import read_data, wants_objects
from keras2cv.evaluation.evaluate import evaluate as evaluate_data
from keras2cv.evaluation.evaluate import lowest_score
from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.loading import load
from keras2cv.predictor import Predictor

Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def evaluate(
    model: Predictor | str | os.PathLike[str],
    data: Paths,
    *,
    against: Any = None,
    device: str = "cpu",
    engine: str | None = None,
    threads: int | None = None,
    batch: int | None = None,
    score: float | None = None,
    nms: float | None = None,
    choose_score: str | None = None,
    unsafe: bool = False,
    imports: Sequence[str] = (),
    reference_resize: str | None = None,
    reference_preprocess: str | os.PathLike[str] | None = None,
    reference_fn: str | None = None,
) -> Evaluation:
    """Return how good a bundle is on labelled data: `.metrics`, `.per_class`, `.to_dict()`.

    Args:
        model: A bundle's folder, or a loaded one; then the options of loading are its own.
        data: A folder or file of labelled data; or two, pictures and their truth. docs/evaluate.md
            lists the forms.
        against: A Keras model, or its file, that answers the same data; needs keras2cv[export].
        device: As for `load`.
        engine: As for `load`.
        threads: As for `load`.
        batch: The most pictures in one run of the net; None: the bundle's.
        score: As for `load`.
        nms: As for `load`.
        choose_score: "f1" or "precision=V": find the threshold of each class; see `.choices`.
        unsafe: As for `check`: load a model file that may run code.
        imports: As for `check`.
        reference_resize: As for `check`: how Keras' side reads pictures.
        reference_preprocess: As for `check`.
        reference_fn: As for `check`.

    Raises:
        InputError: no labelled data, or its classes are not the bundle's.
        UsageError: the bundle does not take such data, or an argument means nothing.
        BundleError: as `load`.
        NetError: as `load`, or OpenCV fails.
        MissingDependency: `against`, without what it needs.
    """
    if isinstance(model, Predictor):
        if (device, engine, threads, score, nms) != ("cpu", None, None, None, None):
            raise UsageError(
                "device, engine, threads, score and nms are options of loading, and the model is "
                "loaded. Give them to load(), or give the bundle's folder."
            )
        loaded = model
    else:
        loaded = load(
            model,
            device=device,
            engine=engine,
            threads=threads,
            score=_score(model, choose_score, score),
            nms=nms,
        )
    found = read_data(
        data, loaded.manifest.task.kind, keeps_objects=wants_objects(loaded.manifest.task)
    )
    if against is None:
        return evaluate_data([loaded], found, batch=batch, rule=choose_score)
    options = {
        "unsafe": unsafe,
        "imports": tuple(imports),
        "resize": reference_resize,
        "preprocess": reference_preprocess,
        "function": reference_fn,
    }
    with load_companion().keras_pipeline(against, loaded, **options) as other:
        return evaluate_data([loaded], found, batch=batch, other=other, rule=choose_score)


def _score(bundle: str | os.PathLike[str], rule: str | None, score: float | None) -> float | None:
    from keras2cv.bundle.reading import read_bundle

    if rule is None or score is not None:
        return score
    kind = read_bundle(bundle, check_hash=False).manifest.task.kind
    return lowest_score(rule, score) if kind == "detect" else None
