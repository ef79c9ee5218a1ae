"""How the model's own library makes answers of its outputs.

    KerasHub                        the task's own decoder, its anchors and thresholds included;
                                    thresholds that the export's user chose, as the manifest has
                                    them beside those that are used
    combined_non_max_suppression    the op in the model's graph: what each of its outputs is
    Keras' own heads                a softmax or sigmoid at the end: the largest, or yes from 0.5 on
    numbers, vectors, arrays        they are the outputs themselves

Everything else is for the user to say, with `--reference-answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from keras2cv.bundle.manifest import Manifest, OutputTensor, Task
from keras2cv.schema.vocabulary import Scores
from keras2cv.tasks.detect.record import Activation, DetectRecord, Nms
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv_export.model.kerashub import KerasHubDescription, describe_kerashub
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.tasks.detect.anchors import anchors_of
from keras2cv_export.tasks.detect.chosen import by_choice, shown
from keras2cv_export.tasks.detect.options import DetectOptions

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "classify": ("scores",),
    "binary": ("scores",),
    "detect": ("box format", "units", "activation", "score threshold", "suppression"),
    "segment": ("scores", "threshold"),
    "keypoints": ("form", "units", "activation", "refinement"),
    "text": ("character set", "blank", "decoding"),
    "image": ("colour order", "range"),
}
"""The decisions of each task's postprocessing; a task without any gives its outputs as they are."""


@dataclass(frozen=True)
class LibraryReference:
    """The library's own reading of the outputs.

    Attributes:
        name: Who says it.
        task: The task, as the library says it; what it leaves open is the bundle's.
        open: The parts that it leaves open.
        doubt: Why the bundle may be wrong in a part that cannot be compared; "" if nothing is odd.
    """

    name: str
    task: Task
    open: tuple[str, ...] = ()
    doubt: str = ""


def library_reference(
    loaded: LoadedModel, manifest: Manifest, activations: Mapping[str, str]
) -> LibraryReference | None:
    """Return how the model's library reads the outputs; None where only the bundle says it.

    Args:
        loaded: The model.
        manifest: The bundle's.
        activations: Output -> the last activation: "softmax", "sigmoid" or "linear".
    """
    task = manifest.task
    if task.kind not in PARTS:
        return LibraryReference("the outputs themselves", task)
    hub = describe_kerashub(loaded.keras_model, manifest.image_size_wh)
    if hub.kind == task.kind == "detect" and hub.options:
        return _by_kerashub(hub, manifest)
    if task.kind == "detect":
        return _by_suppression(manifest)
    if task.kind in ("classify", "binary"):
        return _by_head(loaded, manifest, activations)
    return _by_mask_head(loaded, manifest, activations) if task.kind == "segment" else None


def _whose(loaded: LoadedModel) -> str:
    return "Keras'" if loaded.judge is None else "the model's"


def _by_kerashub(hub: KerasHubDescription, manifest: Manifest) -> LibraryReference:
    chosen = manifest.task.record_as(DetectRecord).chosen
    options = DetectOptions(**by_choice(hub.options, chosen))
    record = DetectRecord(
        box_format=cast("Any", options.box_format),
        box_units=cast("Any", options.box_units),
        activation=cast("Activation", options.activation),
        score=float(options.score or 0.0),
        boxes=options.boxes,
        scores=options.scores,
        anchors=anchors_of(options),
        nms=None if options.nms is None else Nms(options.nms, options.nms_across_classes),
        max_detections=options.max_detections,
    )
    name = f"KerasHub's {hub.name}{shown(chosen)}"
    return LibraryReference(name, replace(manifest.task, record=record))


def _by_suppression(manifest: Manifest) -> LibraryReference | None:
    """Read the outputs of the op by their places: boxes, scores, classes.

    TensorFlow documents corners as yxyx, and computes the same with xyxy.
    """
    steps = () if manifest.tail is None else manifest.tail.steps
    made = next((step.outputs for step in steps if step.op == "combined_nms"), ())
    names = [o.name for net_name in made[:3] for o in manifest.outputs if o.net_name == net_name]
    if len(names) != 3:
        return None
    record = manifest.task.record_as(DetectRecord)
    boxes, scores, classes = names
    order, name = record.box_format, "tf.image.combined_non_max_suppression"
    read = DetectRecord(order, record.box_units, "none", record.score, boxes, scores, classes)
    doubt = (
        f"detect.box_format says {order}, and {name} documents yxyx, though it computes the same "
        "with both. Give --reference-answers, which shows it."
    )
    return LibraryReference(
        name,
        replace(manifest.task, record=read),
        ("units", "score threshold"),
        "" if order == "yxyx" else doubt,
    )


def _by_head(
    loaded: LoadedModel, manifest: Manifest, activations: Mapping[str, str]
) -> LibraryReference | None:
    only = [o for o in manifest.outputs if len(o.keras_shape) == 2 and _fits(manifest.task.kind, o)]
    if len(only) != 1:
        return None
    kind = activations.get(only[0].name, "linear")
    if kind == "linear":
        left: tuple[str, ...] = ("scores",)
        return LibraryReference("the largest number", manifest.task, left)
    read = Task(manifest.task.kind, only[0].name, cast("Scores", kind), manifest.task.labels)
    if manifest.task.kind == "binary":
        read = replace(read, scores="sigmoid")
    return LibraryReference(f"{_whose(loaded)} own {kind}", read)


def _fits(kind: str, output: OutputTensor) -> bool:
    return (output.sample_size == 1) if kind == "binary" else output.sample_size > 1


def _by_mask_head(
    loaded: LoadedModel, manifest: Manifest, activations: Mapping[str, str]
) -> LibraryReference | None:
    only = [o for o in manifest.outputs if len(o.keras_shape) in (3, 4)]
    kind = activations.get(only[0].name, "linear") if len(only) == 1 else "linear"
    if kind == "linear":
        return None
    channels = only[0].keras_shape[3] if len(only[0].keras_shape) == 4 else 1
    own = manifest.task.record_as(SegmentRecord).threshold
    threshold = None if channels > 1 else 0.5 if own is None else own
    record = SegmentRecord(only[0].name, cast("Any", kind), threshold)
    left = () if channels > 1 else ("threshold",)
    return LibraryReference(
        f"{_whose(loaded)} own {kind}", replace(manifest.task, record=record), left
    )
