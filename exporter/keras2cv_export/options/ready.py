"""Find errors before TensorFlow is imported, which takes seconds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras2cv.errors import InputError, UsageError

from .answers_file import is_answers
from .check_options import CheckOptions
from .drawn_samples import own_samples
from .export_options import DESCRIBED_TASKS, ExportOptions, StrPath
from .named_choices import choices_of
from .repro_place import require_repro_place


def require_ready(options: ExportOptions) -> None:
    """Check every file that an export reads, and the place that it writes to.

    Raises:
        ModelError: There is no model, or a file of another kind.
        InputError: The samples, the labels, the charset or the preprocessing's file are not
            there, or cannot be read.
        UsageError: The bundle's place is taken by something else or cannot be written, the
            model's file shows that it needs a preprocessing, or has no signatures to choose from.
        MissingDependency: The installed OpenCV does not read the format, so it proves nothing.
    """
    import cv2

    from keras2cv.bundle.writing import require_place
    from keras2cv.net.importers import importer_of
    from keras2cv_export.tasks.labels import read_labels
    from keras2cv_export.tasks.presets import require_preprocessing
    from keras2cv_export.tasks.user_options import only_options

    importer_of(cv2, options.format)
    config = _require_model(
        options.model, options.imports, answered=options.against is not None or not options.check
    )
    _require_signatures(options)
    _require_answers(options)
    only_options({task: getattr(options, task) for task in DESCRIBED_TASKS})
    require_place(options.bundle)
    _require_samples(options.samples)
    labels = read_labels(options.labels)
    for choice in choices_of(options.preprocess):
        require_preprocessing(choice)
    _require_stated_pixels(options, labels, config)


def require_checkable(options: CheckOptions) -> None:
    """Check every file that a check reads, without opening the model.

    Raises:
        BundleError: The bundle is not there, or is damaged.
        ModelError: There is no model, or a file of another kind.
        InputError: The samples, the labels, the preprocessing's file or the answers are not there,
            or cannot be read.
        UsageError: There is no such way to read pictures, or the reproduction's folder holds other
            files.
    """
    from keras2cv.bundle.reading import read_bundle
    from keras2cv_export.answers.reference_answers import is_answers_file, load_answers
    from keras2cv_export.end_to_end.reference_preprocessing import parse_reference
    from keras2cv_export.tasks.labels import read_labels
    from keras2cv_export.tasks.presets import require_preprocessing

    rules = read_bundle(options.bundle, check_hash=False).manifest.preprocessing
    if not is_answers(options.against):
        _require_model(options.against, options.imports)
    _require_samples(options.samples)
    read_labels(options.labels)
    if options.repro is not None:
        require_repro_place(options.repro)
    if options.reference_preprocess is not None:
        require_preprocessing(options.reference_preprocess)
    if is_answers_file(options.reference_answers):
        load_answers(options.reference_answers)
    if rules is not None:
        parse_reference(options.reference_resize, None, rules)


def _require_samples(samples: StrPath | int | None) -> None:
    path = own_samples(samples)
    if path is None:
        return
    try:
        Path(path).stat()
    except FileNotFoundError as error:
        raise InputError(f"There are no samples at {path}. Check the path.") from error
    except OSError as error:
        raise InputError(
            f"The samples at {path} cannot be read: {error.strerror}. Check the path."
        ) from error


def _require_model(
    model: Any, imports: Sequence[str], *, answered: bool = False
) -> dict[str, Any] | None:
    """Return the architecture in a model's file; None for a folder, or with the user's modules.

    `answered` is whether the user gives the model's answers.
    """
    if not isinstance(model, str | os.PathLike):
        return None
    from keras2cv_export.model.other_files import is_onnx, refuse_other_kinds
    from keras2cv_export.model.place import require_model

    require_model(model)
    refuse_other_kinds(Path(model))
    if not Path(model).is_file() or imports:  # problems with the user's modules come first
        return None
    if is_onnx(Path(model)):
        _require_onnx(Path(model), answered=answered)
        return None
    from keras2cv_export.model.config import read_config

    return read_config(Path(model))


def _require_onnx(path: Path, *, answered: bool) -> None:
    from keras2cv_export.model.onnx_files.onnx_runtime import require_onnx_runtime
    from keras2cv_export.model.onnx_files.reading import read_onnx

    read_onnx(path)
    if not answered:
        require_onnx_runtime(path)


def _require_answers(options: ExportOptions) -> None:
    """Refuse answers that nobody would read, or of a file that is not there."""
    if options.against is None:
        return
    from keras2cv.bundle.npz import read_npz
    from keras2cv_export.model.other_files import is_onnx

    model = options.model
    if not isinstance(model, str | os.PathLike) or not is_onnx(Path(model)):
        raise UsageError(
            "--against gives the answers of an ONNX file; a Keras model answers for itself, in "
            "TensorFlow. Leave --against out."
        )
    if options.samples is not None:
        raise UsageError(
            "--against has its own samples, and --samples has no answers. Give one of them."
        )
    read_npz(options.against)


def _require_signatures(options: ExportOptions) -> None:
    model = options.model
    if options.signature is None or (isinstance(model, str | os.PathLike) and Path(model).is_dir()):
        return
    raise UsageError(
        "Only a SavedModel folder has signatures. Leave --signature out, or give the folder."
    )


def _require_stated_pixels(
    options: ExportOptions, labels: Sequence[str] | None, config: dict[str, Any] | None
) -> None:
    """Raise UsageError if the file shows an image input, and no preprocessing is known for it.

    Only certain cases are refused here; the loaded model is asked the same question again.
    """
    from keras2cv_export.tasks import TASKS

    if options.preprocess is not None:
        return
    if options.task is not None and TASKS[options.task].takes_arrays:
        return
    if config is None:  # the user's modules may put layers of their own in the place of Keras'
        return
    from keras2cv_export.model.image_in_config import bare_image, guessed_task
    from keras2cv_export.tasks.unstated_pixels import how_pixels

    image = bare_image(config)
    described = [name for name in DESCRIBED_TASKS if getattr(options, name) is not None]
    task = options.task or next(iter(described), None) or guessed_task(config, labels)
    if image is not None and task is not None:
        shape = (image.shape[0] or options.batch, *image.shape[1:])
        name = str(config["config"].get("name"))
        raise UsageError(how_pixels(name, replace(image, shape=shape), task))
