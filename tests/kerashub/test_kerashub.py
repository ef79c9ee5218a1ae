"""KerasHub's models as cases: known apart always, and some exported and proven where it is there.

KerasHub brings tensorflow-text with it, 300 MB in all, so that no usual run needs it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import keras
import pytest

from keras2cv_export import export

from . import all_cases

# One per kind of block that nothing in keras.applications has.
_SAMPLE = (
    "resnet_vd_classifier",
    "mobilenet_v5_attention",
    "hgnet_v2_light_classifier",
    "swin_classifier",
    "dinov2_registers_swiglu",
    "segformer_segmenter",
)


def test_every_model_has_a_name_of_its_own() -> None:
    """A line of the page means one model."""
    names = Counter(case.name for case in all_cases())
    assert max(names.values()) == 1
    assert len(names) >= 40
    assert names.keys() >= set(_SAMPLE)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    # KerasHub's own: masks that Swin's windows drop, and TensorFlow's old names in its tokenizers.
    "ignore:.*does not support masking.*:UserWarning",
    "ignore::DeprecationWarning",
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
)
@pytest.mark.parametrize("name", _SAMPLE)
def test_a_model_is_proven(name: str, tmp_path: Path) -> None:
    """The installed OpenCV predicts as TensorFlow, on both engines."""
    pytest.importorskip("keras_hub", reason="KerasHub is not installed: pip install keras-hub")
    (case,) = [case for case in all_cases() if case.name == name]
    report = export(case.model(), tmp_path / "model.cv", task="raw", batch=2)
    keras.backend.clear_session()
    assert report.parity is not None
    assert report.parity.verdict == "pass"
