"""Every layer, op and pattern of the suite: converted, and run in OpenCV on each of its engines.

The sample runs always, everything with `pytest -m slow`; the portable file likewise on older
OpenCVs, each in an environment of its own. Known failures are listed in
`tests/conformance/known_gaps.py` and expected here: a gap that closes fails the test until its line
is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import pytest

from conformance import Case, all_cases, sample_cases
from conformance.child import ANSWERS, Child, ChildOf
from conformance.known_gaps import FROZEN_REFUSED, gap
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import UnsupportedError
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple
from keras2cv_export import export
from keras2cv_export.model.load import load_model
from keras2cv_export.model.reference import reference
from support.onnx_answers import worst_onnx_error

pytestmark = pytest.mark.filterwarnings(
    # Keras 3 on numpy 2: Normalization.adapt and TensorFlow's variables, nothing of ours.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

# In every run the oldest, and the one that computes the most of all wrongly; then the others.
OLDER = ("4.6", "4.8")
OTHERS = ("4.10", "4.12", "4.14")

LIMIT = 1e-4  # of max|reference|: "fp32" of `--tolerance`
ONNX_LIMIT = 1e-5  # of the same, for onnxruntime
SAMPLES = 2

# Of every family that the format supports.
FROZEN_SAMPLE = (
    "conv2d_same_stride2_odd_even",
    "conv2d_dilated_same",
    "depthwise_conv2d_multiplier",
    "conv2d_transpose_k3s2_same",
    "conv1d_causal_dilated",
    "conv3d_same_stride2",
    "average_pooling2d_same",
    "group_normalization_as_instance",
    "activation_hard_silu_conv",
    "multiply_broadcast_one_channel",
    "flatten_conv_then_dense",
    "resizing_bilinear_antialias_down",
    "pattern_unet_transposed",
    "pattern_fpn",
    "pattern_ssd",
    "pattern_senet",
    "pattern_many_outputs_dict",
    "application_mobilenetv2",
)

Exported = Callable[[Case, int], Path]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a function that makes a bundle of a case, once for all engines."""
    return _once(tmp_path_factory, "onnx")


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a function that makes a bundle with a frozen graph."""
    return _once(tmp_path_factory, "frozen")


def _once(folders: pytest.TempPathFactory, format_: str) -> Exported:
    done: dict[tuple[str, int], Path | Exception] = {}

    def once(case: Case, batch: int) -> Path:
        key = (case.name, batch)
        if key not in done:
            try:
                done[key] = _export(case, batch, folders.mktemp(case.name), format_)
            except Exception as error:  # the other engine's test fails for the same reason
                done[key] = error
            finally:
                keras.backend.clear_session()
        found = done[key]
        if isinstance(found, Exception):
            raise found
        return found

    return once


def _export(case: Case, batch: int, folder: Path, format_: str) -> Path:
    """Write the case's bundle, with TensorFlow's outputs for two samples beside it."""
    model = case.model()
    shapes = {name: (batch, *shape) for name, shape in case.input_shapes.items()}
    given = (next(iter(shapes.values())) if len(shapes) == 1 else shapes) or None
    bundle = folder / "case.cv"
    export(model, bundle, format=format_, input_shapes=given, batch=batch, task="raw", check=False)
    loaded = load_model(model, input_shapes=given, batch=batch)
    native = reference(loaded)
    arrays = {}
    for i in range(SAMPLES):
        inputs = case.inputs(model, batch, seed=20 + i)
        named = {spec.name: array for spec, array in zip(loaded.inputs, inputs, strict=True)}
        arrays |= {f"in/{i}/{k}": array for k, array in enumerate(inputs)}
        arrays |= {f"out/{i}/{k}": array for k, array in enumerate(native(named).values())}
    np.savez(folder / ANSWERS, **arrays)
    return bundle


def _params(cases: tuple[Case, ...]) -> list[object]:
    """Give each case on each engine, at batch 1 and at its largest."""
    return [
        pytest.param(
            case, batch, engine, id=f"{case.name}-{batch}-{engine}", marks=gap(case.name, engine)
        )
        for case in cases
        for batch in sorted({min(case.batches), max(case.batches)})
        for engine in ENGINES
    ]


def _older_params(cases: tuple[Case, ...], versions: Sequence[str]) -> list[object]:
    """Give each case on each older OpenCV, at its largest batch, which is the harder one."""
    return [
        pytest.param(case, max(case.batches), version, id=f"{case.name}-{version}")
        for case in cases
        for version in versions
    ]


_SAMPLE = sample_cases()
_REST = tuple(case for case in all_cases() if case not in _SAMPLE)


@pytest.mark.parametrize(("case", "batch", "engine"), _params(_SAMPLE))
def test_a_sampled_case_is_right(
    case: Case, batch: int, engine: str, exported: Exported, child: Child
) -> None:
    """OpenCV's outputs equal TensorFlow's, to 1e-4 of the largest value."""
    assert child.worst_error(exported(case, batch), engine) <= LIMIT


@pytest.mark.slow
@pytest.mark.parametrize(("case", "batch", "engine"), _params(_REST))
def test_every_other_case_is_right(
    case: Case, batch: int, engine: str, exported: Exported, child: Child
) -> None:
    """The same for all that the sample leaves out."""
    assert child.worst_error(exported(case, batch), engine) <= LIMIT


@pytest.mark.parametrize("case", _SAMPLE, ids=lambda case: case.name)
def test_a_sampled_file_is_valid_onnx(case: Case, exported: Exported) -> None:
    """The portable file passes onnx.checker, and onnxruntime computes what TensorFlow does."""
    assert worst_onnx_error(exported(case, max(case.batches))) <= ONNX_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("case", _REST, ids=lambda case: case.name)
def test_every_other_file_is_valid_onnx(case: Case, exported: Exported) -> None:
    """The same for all that the sample leaves out."""
    assert worst_onnx_error(exported(case, max(case.batches))) <= ONNX_LIMIT


@pytest.mark.parametrize(("case", "batch", "version"), _older_params(_SAMPLE, OLDER))
def test_a_sampled_case_is_right_or_refused_on_older_opencvs(
    case: Case, batch: int, version: str, exported: Exported, child_of: ChildOf
) -> None:
    """The same portable file never gives a wrong number; its manifest states its minimum."""
    _check_older(exported(case, batch), version, child_of(version))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "batch", "version"),
    [*_older_params(_SAMPLE, OTHERS), *_older_params(_REST, (*OLDER, *OTHERS))],
)
def test_every_other_case_is_right_or_refused_on_older_opencvs(
    case: Case, batch: int, version: str, exported: Exported, child_of: ChildOf
) -> None:
    """The same for all that the sample leaves out, and for the versions in between."""
    _check_older(exported(case, batch), version, child_of(version))


_FROZEN = tuple(case for case in all_cases() if case.name in FROZEN_SAMPLE)
_FROZEN_REST = tuple(case for case in all_cases() if case.name not in FROZEN_SAMPLE)


@pytest.mark.frozen
@pytest.mark.parametrize("case", _FROZEN, ids=lambda case: case.name)
def test_a_sampled_frozen_graph_is_right(
    case: Case, frozen: Exported, child: Child, child_of: ChildOf
) -> None:
    """On every engine at hand, and on the oldest OpenCV."""
    _check_frozen(frozen(case, max(case.batches)), child, child_of, OLDER[:1])


@pytest.mark.slow
@pytest.mark.frozen
@pytest.mark.parametrize("case", _FROZEN_REST, ids=lambda case: case.name)
def test_every_other_frozen_graph_is_right_or_refused(
    case: Case, frozen: Exported, child: Child, child_of: ChildOf
) -> None:
    """Those that are refused are listed, and nothing else is."""
    for batch in sorted({min(case.batches), max(case.batches)}):
        if case.name in FROZEN_REFUSED:
            with pytest.raises(UnsupportedError, match="--format onnx"):
                frozen(case, batch)
        else:
            _check_frozen(frozen(case, batch), child, child_of, ("4.6", "4.10", "4.14"))


def _check_frozen(bundle: Path, child: Child, child_of: ChildOf, versions: Sequence[str]) -> None:
    for engine in ENGINES:
        assert child.worst_error(bundle, engine) <= LIMIT
    for version in versions:
        assert child_of(version).worst_error(bundle, "classic") <= LIMIT


def _check_older(bundle: Path, version: str, child: Child) -> None:
    oldest = read_bundle(bundle).manifest.model.opencv
    if version_tuple(oldest) <= version_tuple(version):
        assert child.worst_error(bundle, "classic") <= LIMIT
        return
    with pytest.raises(AssertionError, match=f"needs OpenCV {oldest} or newer"):
        child.worst_error(bundle, "classic")
