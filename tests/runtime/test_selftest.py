"""Golden vectors: written, read, and held against this machine's OpenCV."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import keras2cv
from keras2cv.bundle.golden_vectors import (
    GoldenImage,
    GoldenPicture,
    GoldenSample,
    GoldenVectors,
    read_golden_vectors,
)
from keras2cv.errors import BundleError
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.selftest import SelfTestReport, compare, picture_rows, run_selftest
from support.drawn_image import draw_image
from support.special_bundles import DEEP, mixed, picture
from support.tiny_bundle import CLASSES, HEIGHT, WIDTH, Classifier

Array = NDArray[Any]


@pytest.fixture
def golden_vectors() -> GoldenVectors:
    """Return true golden vectors of the tiny classifier: three samples and an image."""
    rng = np.random.default_rng(41)
    photos = rng.uniform(-1, 1, (3, 1, HEIGHT, WIDTH, 3)).astype(np.float32)
    samples = tuple(GoldenSample((photo,), (Classifier()(photo),)) for photo in photos)
    rules = Classifier().manifest().preprocessing
    assert rules is not None
    image = draw_image(143, 89)
    blob = Preprocessor(rules)([image])
    logits = Classifier()(blob.transpose(0, 2, 3, 1))
    png = cv2.imencode(".png", image)[1].ravel()
    return GoldenVectors(samples, (1e-4,), GoldenImage(png, blob, (logits,)))


def run(bundle: Path, golden_vectors: GoldenVectors) -> SelfTestReport:
    """Return the report of the tiny classifier against these golden vectors."""
    golden_vectors.save(bundle / "selftest.npz")
    return run_selftest(keras2cv.load(bundle))


def with_sample(golden_vectors: GoldenVectors, change: Callable[[Array], Array]) -> GoldenVectors:
    """Return `golden_vectors` with the expected output of sample 1 changed."""
    first, second, third = golden_vectors.samples
    wrong = GoldenSample(second.inputs, (change(second.outputs[0].copy()),))
    return dataclasses.replace(golden_vectors, samples=(first, wrong, third))


def with_image(golden_vectors: GoldenVectors, **changes: Any) -> GoldenVectors:
    """Return `golden_vectors` with its image changed."""
    assert golden_vectors.image is not None
    return dataclasses.replace(
        golden_vectors, image=dataclasses.replace(golden_vectors.image, **changes)
    )


def test_a_right_bundle_passes(cat_cv: Path, golden_vectors: GoldenVectors) -> None:
    """Every sample, the image's blob and its outputs are compared, each within its limit."""
    report = run(cat_cv, golden_vectors)
    assert report.verdict == "pass"
    assert [(row.case, row.output) for row in report.rows] == [
        ("sample 0", "scores"),
        ("sample 1", "scores"),
        ("sample 2", "scores"),
        ("image", "blob"),
        ("image", "scores"),
    ]
    assert all(0 <= row.measured <= row.limit for row in report.rows)
    assert (report.opencv, report.device) == (cv2.__version__, "cpu")


def test_golden_vectors_survive_the_file(tmp_path: Path, golden_vectors: GoldenVectors) -> None:
    """A device reads exactly the arrays that the exporter saved."""
    golden_vectors.save(tmp_path / "selftest.npz")
    again = read_golden_vectors(tmp_path / "selftest.npz", Classifier().manifest())
    assert again.tolerances == (1e-4,)
    assert again.image is not None
    assert golden_vectors.image is not None
    assert np.array_equal(again.image.decode(), draw_image(143, 89))
    for one, other in zip(again.samples, golden_vectors.samples, strict=True):
        assert one.inputs[0].dtype == np.float32
        assert np.array_equal(one.inputs[0], other.inputs[0])
        assert np.array_equal(one.outputs[0], other.outputs[0])


@pytest.mark.parametrize(
    ("change", "case"),
    [
        (lambda y: y + 2e-4 * np.abs(y).max(), None),
        (lambda y: y[:, ::-1], None),
        (lambda y: np.where(y == y.max(), np.nan, y), "NaN or infinity expected"),
        (lambda y: y[:, :-1], "shape (1, 5), expected (1, 4)"),
    ],
    ids=["off by twice the limit", "reversed", "NaN", "another shape"],
)
def test_a_wrong_answer_fails_and_is_named(
    cat_cv: Path, golden_vectors: GoldenVectors, change: Callable[[Array], Array], case: str | None
) -> None:
    """The row of that sample fails, and no other."""
    report = run(cat_cv, with_sample(golden_vectors, change))
    assert report.verdict == "fail"
    failed = [row for row in report.rows if not row.passed]
    assert [row.case for row in failed] == ["sample 1"]
    assert failed[0].problem == case


def test_an_error_within_the_limit_passes(cat_cv: Path, golden_vectors: GoldenVectors) -> None:
    """The limit is relative to the largest expected value, and the output's own."""
    near = with_sample(golden_vectors, lambda y: y + 0.5e-4 * np.abs(y).max())
    assert run(cat_cv, near).verdict == "pass"
    strict = dataclasses.replace(near, tolerances=(1e-5,))
    assert run(cat_cv, strict).verdict == "fail"


def test_wrong_preprocessing_is_distinguished_from_a_wrong_net(
    cat_cv: Path, golden_vectors: GoldenVectors
) -> None:
    """The blob has its own row: a swapped channel order fails there."""
    assert golden_vectors.image is not None
    report = run(cat_cv, with_image(golden_vectors, blob=golden_vectors.image.blob[:, ::-1].copy()))
    assert [row.output for row in report.rows if not row.passed] == ["blob"]


def test_an_output_that_never_changes_fails(cat_cv: Path, golden_vectors: GoldenVectors) -> None:
    """A net with the same output for every input passes no self-test, however near it is."""
    model = keras2cv.load(cat_cv)
    sample = golden_vectors.samples[0]
    same = dataclasses.replace(golden_vectors, samples=(sample,) * 3, image=None)
    same.save(cat_cv / "selftest.npz")
    report = run_selftest(model)
    assert report.problems == ("Output scores is the same for 3 different samples.",)
    assert report.verdict == "fail"


def test_an_answer_that_changes_when_repeated_fails(
    cat_cv: Path, golden_vectors: GoldenVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sample is run again after the others, and must answer as before."""
    golden_vectors.save(cat_cv / "selftest.npz")
    model = keras2cv.load(cat_cv)
    infer = model.infer_net
    calls = iter(range(99))
    monkeypatch.setattr(
        model, "infer_net", lambda *arrays: [y + 1e-7 * next(calls) for y in infer(*arrays)]
    )
    report = run_selftest(model)
    assert report.problems == ("Output scores differs when the same sample is run again.",)


def test_not_a_number_fails() -> None:
    """NaN is never within a limit, whichever side it is on, and its dict is still JSON."""
    good, bad = np.ones(3), np.array([1, np.nan, 1])
    for got, expected, side in ((good, bad, "expected"), (bad, good, "got")):
        row = compare("sample 0", "y", got, expected, 1e-4)
        assert not row.passed
        assert row.problem == f"NaN or infinity {side}"
        assert "measured" not in json.loads(json.dumps(row.to_dict(), allow_nan=False))


def test_what_overflows_on_both_sides_is_left_out() -> None:
    """NaN in the same places, and infinity beside the largest numbers; the rest is compared."""
    expected = np.array([1, np.nan, np.inf, 3.3e38, -np.inf], np.float32)
    got = np.array([1, np.nan, 3.3e38, np.inf, -np.inf], np.float32)
    assert compare("s", "y", got, expected, 1e-4).passed
    got[0] = 1.1
    assert compare("s", "y", got, expected, 1e-4).measured == pytest.approx(0.1, rel=1e-3)
    for bad in (np.nan, np.inf, -np.inf):
        got[0] = bad
        assert not compare("s", "y", got, expected, 1e-4).passed
    got[:2] = 1, np.inf
    assert not compare("s", "y", got, expected, 1e-4).passed


def test_samples_without_a_number_prove_nothing(
    cat_cv: Path, golden_vectors: GoldenVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sample of which an output overflows is left out; if all do, the self-test fails."""
    infinite = with_sample(golden_vectors, lambda y: np.full_like(y, np.inf))
    infinite.save(cat_cv / "selftest.npz")
    model = keras2cv.load(cat_cv)
    infer, second = model.infer_net, golden_vectors.samples[1].inputs[0]
    monkeypatch.setattr(
        model,
        "infer_net",
        lambda x: [np.where(np.array_equal(x, second), np.float32(np.inf), y) for y in infer(x)],
    )
    assert run_selftest(model).verdict == "pass"
    all_infinite = tuple(
        GoldenSample(one.inputs, (np.full_like(one.outputs[0], np.inf),))
        for one in golden_vectors.samples
    )
    dataclasses.replace(golden_vectors, samples=all_infinite).save(cat_cv / "selftest.npz")
    monkeypatch.setattr(model, "infer_net", lambda x: [np.full_like(y, np.inf) for y in infer(x)])
    report = run_selftest(model)
    assert report.problems == (
        "Output scores is NaN or infinite in every sample: nothing is compared.",
    )


def test_an_output_that_the_model_never_changes_is_no_stuck_one(
    cat_cv: Path, golden_vectors: GoldenVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A constant of the model is the same for all samples on both sides."""
    answer = golden_vectors.samples[0].outputs[0]
    same = tuple(GoldenSample(one.inputs, (answer,)) for one in golden_vectors.samples)
    dataclasses.replace(golden_vectors, samples=same, image=None).save(cat_cv / "selftest.npz")
    model = keras2cv.load(cat_cv)
    monkeypatch.setattr(model, "infer_net", lambda _: [answer])
    assert run_selftest(model).verdict == "pass"


def test_an_expected_zero_is_compared_too() -> None:
    """Against all zeros, only zeros are right."""
    assert compare("s", "y", np.zeros(3), np.zeros(3), 1e-4).passed
    row = compare("s", "y", np.full(3, 1e-9), np.zeros(3), 1e-4)
    assert not row.passed
    assert math.isfinite(row.measured)


def test_the_report_is_plain_json(cat_cv: Path, golden_vectors: GoldenVectors) -> None:
    """Verdict, rows, problems and versions survive JSON."""
    fields = run(cat_cv, golden_vectors).to_dict()
    assert json.loads(json.dumps(fields, allow_nan=False)) == json.loads(json.dumps(fields))
    assert fields["verdict"] == "pass"
    assert fields["rows"][0]["passed"] is True


def test_an_empty_report_is_no_pass() -> None:
    """Nothing compared is nothing proven."""
    assert SelfTestReport((), (), "5.0.0", "new", "cpu").verdict == "fail"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out/1/0": None}, "there is no out/1/0"),
        ({"tolerance/0": None}, "there is no tolerance/0"),
        ({"tolerance/0": np.array(np.nan)}, "tolerance/0 must be 0 to 1, got nan"),
        ({"tolerance/0": np.array(1e9)}, "tolerance/0 must be 0 to 1"),
        ({"tolerance/0": np.zeros(3)}, r"one number, got \(3,\) float64"),
        ({"in/0/0": None}, "unknown arrays in/1/0|there are no samples"),
        ({"in/7/0": np.zeros(3)}, "unknown arrays in/7/0"),
        ({"image/out/0": None}, "there is no image/out/0"),
        ({"extra": np.zeros(3)}, "unknown arrays extra"),
    ],
)
def test_golden_vectors_that_do_not_fit_are_refused(
    tmp_path: Path, golden_vectors: GoldenVectors, change: dict[str, Array | None], message: str
) -> None:
    """Something missing, unknown or out of bounds is named."""
    path = tmp_path / "selftest.npz"
    golden_vectors.save(path)
    with np.load(path) as file:
        arrays = {**file, **change}
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(BundleError, match=message):
        read_golden_vectors(path, Classifier().manifest())


def test_missing_golden_vectors_are_named(tmp_path: Path) -> None:
    """No file and a damaged file are the bundle's fault, not the caller's."""
    path = tmp_path / "selftest.npz"
    with pytest.raises(BundleError, match="is missing"):
        read_golden_vectors(path, Classifier().manifest())
    path.write_bytes(b"hello")
    with pytest.raises(BundleError, match="cannot be read"):
        read_golden_vectors(path, Classifier().manifest())


def huge_png() -> Array:
    """Return a PNG that declares 50,000 by 50,000 pixels."""
    png = bytearray(cv2.imencode(".png", draw_image(9, 7))[1].tobytes())
    png[16:24] = (50_000).to_bytes(4, "big") * 2
    return np.frombuffer(bytes(png), np.uint8)


@pytest.mark.parametrize(
    ("png", "message"),
    [
        (huge_png(), "at most 4096 pixels a side"),
        (np.zeros(0, np.uint8), "not a PNG"),
        (np.zeros(500, np.uint8), "not a PNG"),
        (cv2.imencode(".bmp", draw_image(9, 7))[1].ravel(), "not a PNG"),
        (cv2.imencode(".png", draw_image(9, 7))[1].ravel()[:60], "cannot be decoded"),
    ],
    ids=["huge", "empty", "zeros", "bmp", "cut"],
)
def test_an_image_that_is_none_is_refused(
    golden_vectors: GoldenVectors, png: Array, message: str
) -> None:
    """Only a PNG of bounded size is decoded: its header is looked at first."""
    changed = with_image(golden_vectors, png=png)
    assert changed.image is not None
    with pytest.raises(BundleError, match=message):
        changed.image.decode()


def test_golden_vectors_need_samples() -> None:
    """No samples would prove nothing."""
    with pytest.raises(BundleError, match="there are no samples"):
        GoldenVectors((), (1e-4,))
    assert CLASSES == 5


@pytest.mark.parametrize(
    ("interpolation", "levels", "passes"),
    [("linear", 1, True), ("linear", 2, False), ("tf-bilinear", 1, False)],
)
def test_builds_may_round_16_bits_by_a_level(
    interpolation: str, levels: int, passes: bool, tmp_path: Path
) -> None:
    """Where cv2 resizes them; what keras2cv computes is the same everywhere."""
    write = mixed(picture("scan", **DEEP, interpolation=interpolation))
    manifest = write(tmp_path / "deep.cv").manifest
    (rules,) = manifest.pictures_by_place
    pixels = np.random.default_rng(3).integers(0, 65536, (37, 41, 3)).astype(np.uint16)
    blob = Preprocessor(rules)([pixels])
    blob[0, 0, 1, 1] += levels * rules.scale / min(rules.std)
    (row,) = picture_rows(manifest, [GoldenPicture(pixels, blob)])
    assert row.passed is passes
