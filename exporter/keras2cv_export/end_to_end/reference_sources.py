"""Who says how pictures were read in training: the user, a library, or only the bundle.

A bundle is no witness for itself. Where only its manifest says a step, Keras' side repeats the step
by another library, which proves the code; whether it is the right step is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv_export.model.kerashub import describe_kerashub
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import PRESETS, Geometry, preprocessing
from keras2cv_export.tasks.recognise import normaliser

_PRESET: Final = "preset "


@dataclass(frozen=True)
class PictureSources:
    """Who says each step; "" where only the bundle does.

    Attributes:
        library: The preprocessing that the model's own library does; None where it does none.
        resize: Rule and method of the resize.
        pad: The colour of the bars; "" as well where there are none.
        normalise: Colour order, mean, scale and std.
        problems: What the manifest says against its own source, a sentence each.
    """

    library: Preprocessing | None
    resize: str
    pad: str
    normalise: str
    problems: tuple[str, ...] = ()


def sources_of(
    manifest: Manifest,
    loaded: LoadedModel,
    *,
    resize: str | None = None,
    preprocess: object | None = None,
    function: str | None = None,
) -> PictureSources:
    """Find out who says how pictures become the input.

    Args:
        manifest: The bundle's, with preprocessing.
        loaded: The model.
        resize: The user's --reference-resize.
        preprocess: The user's --reference-preprocess.
        function: The user's --reference-fn.
    """
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the caller looked
    if function is not None:
        return PictureSources(None, "--reference-fn", "--reference-fn", "--reference-fn")
    library, name = _library(manifest, loaded)
    by_user = None if resize is None else "--reference-resize"
    by_file = "--reference-preprocess" if str(preprocess).endswith(".json") else None
    said_pad = by_user if resize is not None and resize.count(":") == 2 else by_file
    said = None if preprocess is None else "--reference-preprocess"
    normalised, problems = _normalised(rules, loaded, library, name)
    return PictureSources(
        library,
        by_user or (by_file if _has_rule(preprocess) else None) or name,
        (said_pad or name) if rules.resize in PADDING_RULES else "",
        said or normalised,
        problems if said is None else (),
    )


def _has_rule(preprocess: object | None) -> bool:
    from keras2cv_export.tasks.presets import stated_keys

    return preprocess is not None and "resize" in stated_keys(str(preprocess))


def _library(manifest: Manifest, loaded: LoadedModel) -> tuple[Preprocessing | None, str]:
    """Return the preprocessing of a KerasHub model's own preprocessor, and its name."""
    rules = manifest.preprocessing
    hub = describe_kerashub(loaded.keras_model, manifest.image_size_wh)
    if rules is None or hub.pixels is None:
        return None, ""
    size = Geometry((rules.size_wh[0], rules.size_wh[1]))
    image = TensorSpec(rules.input, (1, *rules.input_hw, rules.channels), "float32")
    name = f"KerasHub's {hub.name}"
    return preprocessing(hub.pixels, image, size, name), name


def _normalised(
    rules: Preprocessing, loaded: LoadedModel, library: Preprocessing | None, name: str
) -> tuple[str, tuple[str, ...]]:
    if library is not None:
        return name, ()
    layer = normaliser(loaded.keras_model)
    if rules.source == "in the model" and layer is not None:
        return f"the model's own {layer}", _against(rules, "none")
    if rules.source == "in the model" and loaded.keras_model is not None:
        text = "the manifest says that the model scales its pixels, and no layer of it does."
        return "", (text,)
    preset = rules.source.removeprefix(_PRESET)
    if rules.source.startswith(_PRESET) and preset in PRESETS:
        return f"the preset {preset} of the export", _against(rules, preset)
    return "", ()


def _against(rules: Preprocessing, preset: str) -> tuple[str, ...]:
    """Return what the manifest's numbers say against the preset that they are said to be."""
    image = TensorSpec(rules.input, (1, *rules.input_hw, rules.channels), "float32")
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    geometry = Geometry(size_wh, transpose=bool(rules.transpose), depth=rules.depth)
    wanted = preprocessing(preset, image, geometry, rules.source)
    numbers: Mapping[str, Any] = {
        key: getattr(wanted, key)
        for key in ("color", "mean", "scale", "std")
        if getattr(wanted, key) != getattr(rules, key)
    }
    return tuple(
        f"the manifest's {key} is {getattr(rules, key)}, and the preset {preset}, which it names "
        f"as its source, has {value}."
        for key, value in numbers.items()
    )
