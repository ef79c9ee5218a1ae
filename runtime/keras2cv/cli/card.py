"""Print a manifest for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keras2cv.bundle.manifest import (
    Evidence,
    InputTensor,
    Manifest,
    OutputTensor,
    Preprocessing,
    Run,
    Task,
    Tuned,
)
from keras2cv.bundle.standing import Standing
from keras2cv.cli.snippet import exact
from keras2cv.net.local_choice import LocalChoice
from keras2cv.net.opencv import version_tuple
from keras2cv.numpy_front.record import ANY_SIZE
from keras2cv.tasks import TASKS

_RESIZED = {
    "stretch": "stretched to {0}x{1}",
    "letterbox": "fitted into {0}x{1} with bars of {2}",
    "pad": "padded to that shape with {2}, then resized to {0}x{1}",
    "center-crop": "cut to the middle and resized to {0}x{1}",
}
_SHOWN_LABELS = 8
_FOR_ALL = (4, 6)  # the oldest OpenCV that files are made for
_STATUS = {
    "verified": "verified: it predicts what TensorFlow predicts",
    "inconclusive": "INCONCLUSIVE: on the samples of its export, its outputs say too little to "
    "tell right from wrong",
    "unverified": "UNVERIFIED: nobody compared it with TensorFlow",
}
_ADVICE = {
    "inconclusive": (
        "give inputs like those it is for: `keras2cv export` or `keras2cv check`, with --samples",
    ),
    "unverified": ("compare it: `keras2cv check BUNDLE --against MODEL`",),
}
_LEGACY = (
    "legacy: a TensorFlow graph is for code that calls readNetFromTensorflow. OpenCV plans to",
    "drop that importer after 5.0 (opencv pull request 29474); the OpenCVs that exist keep it.",
    "For a later one, export the model again with --format onnx: the rest of the bundle, and",
    "what predicts with it, stays as it is.",
)


def describe(
    manifest: Manifest, standing: Standing | None = None, local: LocalChoice | None = None
) -> Iterator[str]:
    """Yield the lines of the page, a title in the first 15 columns of each entry.

    Args:
        manifest: The bundle's.
        standing: How far the bundle is proven; None: as the manifest says.
        local: What `keras2cv tune` noted for this machine; None: nothing.
    """
    standing = standing or manifest.status
    status = _STATUS[standing]
    if manifest.source.kind == "onnx":
        status = status.replace("TensorFlow", "its ONNX model")
    yield from _entry("status", [status, *_ADVICE.get(standing, ())])
    source = manifest.source
    digest = f", sha256 {source.sha256[:12]}..." if source.sha256 else ""
    yield from _entry("made from", [f"{source.file} ({source.kind}{digest})"])
    yield from _entry("given", _front(manifest))
    yield from _entry("input", [_tensor(tensor) for tensor in manifest.inputs])
    yield from _entry("output", _outputs(manifest))
    yield from _entry("after it", _tail(manifest))
    yield from _entry("an image", _pictures(manifest))
    yield from _entry("task", _task_lines(manifest))
    yield from _entry("net", [*_net(manifest), *_weights(manifest)])
    if manifest.tuned is not None:
        followed = local is not None and local.record is not None
        yield from _entry("tuned", _tuned(manifest, manifest.tuned, followed))
    if local is not None and local.place is not None:
        yield from _entry("tuned here", _tuned_here(local))
    if manifest.evidence is not None:
        yield from _entry("evidence", [*_evidence(manifest.evidence), *_of_forms(manifest)])
        versions = manifest.evidence.versions.items()
        yield from _entry("made with", [", ".join(f"{name} {v}" for name, v in versions)])


def _entry(title: str, lines: list[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield f"{title if index == 0 else '':<12} {line}"


def _front(manifest: Manifest) -> list[str]:
    """Describe what a user gives, and the steps before the net."""
    if (front := manifest.front) is None:
        return []
    steps = dict.fromkeys(step.op for step in front.steps)
    words = sum(len(step.table.words) for step in front.steps if step.table is not None)
    known = f", {words} words known" if words else ""
    return [
        *(f"{one.name} {_shape_of(one.shape)} {one.dtype}" for one in front.inputs),
        f"becomes the net's inputs by {', '.join(steps)} in NumPy{known}",
    ]


def _shape_of(sizes: tuple[int, ...]) -> str:
    shown = ["N", *("any" if size == ANY_SIZE else str(size) for size in sizes)]
    return f"({', '.join(shown)})"


def _outputs(manifest: Manifest) -> list[str]:
    made = manifest.tail.made if manifest.tail is not None else ()
    return [
        f"{t.name} {_shape(t.keras_shape)} {t.dtype}; made after the net"
        if t.net_name in made
        else _tensor(t)
        for t in manifest.outputs
    ]


def _tail(manifest: Manifest) -> list[str]:
    """Describe the steps after the net, and the outputs that they read."""
    if (tail := manifest.tail) is None:
        return []
    made = [tensor.name for tensor in manifest.outputs if tensor.net_name in tail.made]
    steps = dict.fromkeys(step.op for step in tail.steps if step.op != "constant")
    return [
        f"{', '.join(made)} by {', '.join(steps)} in NumPy, from what the net gives:",
        *(_tensor(head) for head in tail.heads),
    ]


def _tensor(tensor: InputTensor | OutputTensor) -> str:
    net = f"{tensor.net_name} {_shape(tensor.net_shape)}"
    layout = "" if tensor.layout == "same" else f" {tensor.layout}"
    return f"{tensor.name} {_shape(tensor.keras_shape)} {tensor.dtype}; in the net {net}{layout}"


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


def _pictures(manifest: Manifest) -> list[str]:
    if not manifest.pictures:
        return ["is not what it takes: give arrays"]
    return [line for rules in manifest.pictures for line in _preprocessing(rules)]


def _preprocessing(rules: Preprocessing) -> Iterator[str]:
    """Yield how an image becomes an input, and what is special about it."""
    how = _RESIZED[rules.resize].format(*rules.size_wh, rules.pad)
    how += " and transposed" if rules.transpose else ""
    color = rules.color if rules.color != "CHANNELS" else f"{rules.channels} channels"
    yield (
        f"becomes {rules.input}: {color}, {how} ({rules.interpolation}), "
        f"{_arithmetic(rules)} [{rules.source}]"
    )
    if rules.depth == 16:
        yield "  of 16 bits, 0 to 65535; 8 bits are multiplied by 257"
    if rules.clip is not None:
        clip = rules.clip
        yield f"  {clip.window} frames make a clip: stride {clip.stride}, the next {clip.hop} later"


def _arithmetic(rules: Preprocessing) -> str:
    """Return (pixel - mean) * scale / std, without the parts that change nothing."""
    text = "pixel"
    if any(rules.mean):
        text = f"({text} - {_per_channel(rules.mean)})"
    if rules.scale != 1:
        scale = exact(rules.scale)
        text += scale.removeprefix("1") if scale.startswith("1 / ") else f" * {scale}"
    if any(value != 1 for value in rules.std):
        text += f" / {_per_channel(rules.std)}"
    return text if text != "pixel" else f"pixels as they are, 0 to {rules.white}"


def _per_channel(values: tuple[float, ...]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return f"({', '.join(f'{value:g}' for value in values)})"


def _task_lines(manifest: Manifest) -> list[str]:
    """Return the task in a line, how its record reads the outputs, and chosen thresholds."""
    task = manifest.task
    lines = () if task.record is None else TASKS[task.kind].info_lines(task.record)
    return [_task(task), *lines, *_chosen(manifest)]


def _chosen(manifest: Manifest) -> Iterator[str]:
    """Yield the thresholds that `evaluate --write` put there, and the data they come from."""
    chosen = manifest.chosen_scores
    if chosen is None:
        return
    first = ", ".join(
        f"{one.label} above {one.score:.4g}" for one in chosen.classes[:_SHOWN_LABELS]
    )
    left = len(chosen.classes) - _SHOWN_LABELS
    more = f", ... {left} more" if left > 0 else ""
    yield f"{first}{more}: chosen by {chosen.rule} on {chosen.samples} samples of {chosen.data}"


def _task(task: Task) -> str:
    text = task.kind if not task.roles else f"{task.kind} from {', '.join(task.roles.values())}"
    if task.scores is not None:
        text += f" ({task.scores})"
    if task.labels is not None:
        left = len(task.labels) - _SHOWN_LABELS
        more = f", ... {left} more" if left > 0 else ""
        text += f": {', '.join(task.labels[:_SHOWN_LABELS])}{more}"
    return text


def _net(manifest: Manifest) -> list[str]:
    model, engine = manifest.model, manifest.engine
    which = "every engine" if engine.name == "any" else f"the {engine.name} engine"
    off = [name for name in ("fusion", "winograd") if not getattr(engine, name)]
    without = f", without {' and '.join(off)}" if off else ""
    size = int(model.size_bytes) / 1e6
    stored = f"{model.file}, {model.format}, {size:.1f} MB, batch {model.batch}"
    legacy = _LEGACY if model.format == "frozen" else ()
    oldest = _oldest(model.opencv)
    return [f"{stored}, for {which}{without}", *oldest, *legacy, *_forms(manifest)]


def _forms(manifest: Manifest) -> Iterator[str]:
    """Describe the further files of the same net."""
    for form in manifest.forms or ():
        yield (
            f"{form.file}, {int(form.size_bytes) / 1e6:.1f} MB: the same net for OpenCV "
            f"{form.opencv} and newer, {form.engine} engine; `load` takes it there"
        )


def _oldest(opencv: str) -> Iterator[str]:
    """Warn of older versions: OpenCV itself does not look at the version that a file is for."""
    if version_tuple(opencv) > _FOR_ALL:
        yield (
            f"needs OpenCV {opencv} or newer: an older one may read the file by itself, and "
            "compute it wrongly"
        )


def _weights(manifest: Manifest) -> Iterator[str]:
    """Describe how weights are stored, if not as float32."""
    if (weights := manifest.weights) is None:
        return
    times = int(weights.float32_bytes) / int(manifest.model.size_bytes)
    ranked = "" if weights.top1 is None else f"; top-1 as TensorFlow's for {weights.top1:.1%}"
    yield (
        f"{weights.kernels} kernels stored as {weights.storage}, {times:.1f} times smaller than "
        f"float32; OpenCV decodes them while it loads the net{ranked}"
    )


def _tuned_here(local: LocalChoice) -> list[str]:
    """Describe the choice of `keras2cv tune`, or why it is not followed."""
    if (record := local.record) is None:
        return [f"{local.place} is not followed: {local.why_not}"]
    many, choice = record.rate, record.choice
    return [
        f"{record}, by `keras2cv tune`: {choice.median_ms:.3g} ms, noted in {local.place}",
        *([f"many samples: {many}, {many.sample_ms:.3g} ms a sample"] if many else []),
    ]


def _tuned(manifest: Manifest, tuned: Tuned, followed: bool) -> list[str]:
    """Describe the choice of `export --tune`, the alternatives, and whether it holds here.

    `followed`: the choice that `keras2cv tune` made here is taken in its place.
    """
    from keras2cv.net.tuned import why_not

    choice, first = tuned.choice, tuned.trials[0]
    cause = "`keras2cv tune` chose here" if followed else why_not(manifest)
    taken = "taken here" if cause is None else f"not taken here: {cause}"
    better = "" if choice is first else f", {choice.ratio:.2f} times that of {first}"
    many = tuned.fastest
    return [
        f"{choice}, {taken}",
        f"{choice.median_ms:.3g} ms{better}; the best of {len(tuned.trials)} ways on OpenCV "
        f"{tuned.opencv}, {tuned.machine}, {tuned.cores} cores",
        *([f"many samples: {many}, {many.sample_ms:.3g} ms a sample"] if many else []),
    ]


def _evidence(evidence: Evidence) -> list[str]:
    head = f"{evidence.samples} samples, tolerance {evidence.tolerance}"
    return [head, *_runs(evidence.runs)]


def _of_forms(manifest: Manifest) -> Iterator[str]:
    for form in manifest.forms or ():
        yield from (f"{form.file}: {line}" for line in _runs(form.runs or ()))


def _runs(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        for out in run.outputs:
            yield (
                f"OpenCV {run.opencv}, {run.engine} engine: {out.name} {out.metric} "
                f"{out.measured:.1e} of {out.limit:.1e} allowed"
            )
