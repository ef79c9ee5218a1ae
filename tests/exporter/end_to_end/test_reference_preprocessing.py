"""`--reference-resize` and `--reference-preprocess`, read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.end_to_end.reference_preprocessing import parse_reference, reference_of
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import Geometry, preprocessing

PHOTO = TensorSpec("photo", (1, 20, 31, 3), "float32")


def facts(preset: str = "tf", interpolation: str = "linear", resize: str = "stretch") -> object:
    """Return a bundle's preprocessing."""
    geometry = Geometry(resize=resize, interpolation=interpolation)
    return preprocessing(preset, PHOTO, geometry, f"preset {preset}")


@pytest.mark.parametrize(
    ("said", "decoder", "rule", "interpolation"),
    [
        ("keras", "pil", "stretch", "pil-nearest"),
        ("tf", "tf", "stretch", "tf-bilinear"),
        ("tf-antialias", "tf", "stretch", "tf-bilinear-antialias"),
        ("pil-bicubic", "pil", "stretch", "pil-bicubic"),
        ("letterbox:tf", "tf", "letterbox", "tf-bilinear"),
        ("center-crop:pil-bilinear", "pil", "center-crop", "pil-bilinear"),
        ("cv2", "cv2", "stretch", "linear"),
    ],
)
def test_a_resize_is_what_the_libraries_call_so(
    said: str, decoder: str, rule: str, interpolation: str
) -> None:
    """Each comes with its own decoder, and is a stretch unless a rule is given."""
    way = parse_reference(said, None, facts(resize="center-crop"))  # type: ignore[arg-type]
    assert (way.decoder, way.rule, way.interpolation) == (decoder, rule, interpolation)
    assert (way.pad is not None) == (rule == "letterbox")
    assert way.preset == "tf"


@pytest.mark.parametrize("said", ["bilinear", "zoom:tf", "", "tf:"])
def test_an_unknown_resize_is_refused(said: str) -> None:
    """With all that there are."""
    with pytest.raises(UsageError, match=r"There is no reference resize .* tf-antialias"):
        parse_reference(said, None, facts())  # type: ignore[arg-type]


def test_nothing_said_is_what_the_bundle_says() -> None:
    """Done by the libraries that it names."""
    way = reference_of(facts("caffe", "pil-bilinear", "letterbox"))  # type: ignore[arg-type]
    assert (way.decoder, way.rule, way.pad, way.preset) == ("pil", "letterbox", 114, "caffe")
    assert str(way) == "Pillow's decoder, letterbox by pil-bilinear, preset caffe"


def test_another_preset_or_a_file_is_taken(tmp_path: Path) -> None:
    """They replace the bundle's."""
    assert parse_reference(None, "0-1", facts()).preset == "0-1"  # type: ignore[arg-type]
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps({"color": "BGR", "mean": [1, 2, 3], "scale": 0.5, "std": [1, 1, 2]}),
        encoding="utf-8",
    )
    way = parse_reference(None, path, facts())  # type: ignore[arg-type]
    assert (way.preset, way.facts.color, way.facts.mean) == ("file", "BGR", (1, 2, 3))


def test_without_pillow_its_copy_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the user names Pillow's: then the error names the package to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    way = reference_of(facts("tf", "pil-bilinear"))  # type: ignore[arg-type]
    assert (way.decoder, way.interpolation) == ("tf-accurate", "pil-bilinear")
    asked = parse_reference("pil-bilinear", None, facts())  # type: ignore[arg-type]
    assert asked.decoder == "pil"
