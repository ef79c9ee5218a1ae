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


def rules(preset: str = "tf", interpolation: str = "linear", resize: str = "stretch") -> object:
    """Return a bundle's preprocessing."""
    geometry = Geometry(resize=resize, interpolation=interpolation)
    return preprocessing(preset, PHOTO, geometry, f"preset {preset}")


@pytest.mark.parametrize(
    ("option", "decoder", "rule", "interpolation"),
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
    option: str, decoder: str, rule: str, interpolation: str
) -> None:
    """Each comes with its own decoder, and is a stretch unless a rule is given."""
    reference = parse_reference(option, None, rules(resize="center-crop"))  # type: ignore[arg-type]
    assert (reference.decoder, reference.rule, reference.interpolation) == (
        decoder,
        rule,
        interpolation,
    )
    assert (reference.pad is not None) == (rule == "letterbox")
    assert reference.preset == "tf"


@pytest.mark.parametrize("option", ["bilinear", "zoom:tf", "", "tf:"])
def test_an_unknown_resize_is_refused(option: str) -> None:
    """With all that there are."""
    with pytest.raises(UsageError, match=r"There is no reference resize .* tf-antialias"):
        parse_reference(option, None, rules())  # type: ignore[arg-type]


def test_nothing_said_is_what_the_bundle_says() -> None:
    """Done by the libraries that it names."""
    reference = reference_of(rules("caffe", "pil-bilinear", "letterbox"))  # type: ignore[arg-type]
    assert (reference.decoder, reference.rule, reference.pad, reference.preset) == (
        "pil",
        "letterbox",
        114,
        "caffe",
    )
    assert str(reference) == "Pillow's decoder, letterbox by pil-bilinear, preset caffe"


def test_another_preset_or_a_file_is_taken(tmp_path: Path) -> None:
    """They replace the bundle's."""
    assert parse_reference(None, "0-1", rules()).preset == "0-1"  # type: ignore[arg-type]
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps({"color": "BGR", "mean": [1, 2, 3], "scale": 0.5, "std": [1, 1, 2]}),
        encoding="utf-8",
    )
    reference = parse_reference(None, path, rules())  # type: ignore[arg-type]
    assert (reference.preset, reference.from_file.color, reference.from_file.mean) == (
        "file",
        "BGR",
        (1, 2, 3),
    )


def test_without_pillow_its_copy_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the user names Pillow's: then the error names the package to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    reference = reference_of(rules("tf", "pil-bilinear"))  # type: ignore[arg-type]
    assert (reference.decoder, reference.interpolation) == ("tf-accurate", "pil-bilinear")
    asked = parse_reference("pil-bilinear", None, rules())  # type: ignore[arg-type]
    assert asked.decoder == "pil"
