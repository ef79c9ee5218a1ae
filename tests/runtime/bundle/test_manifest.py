"""The manifest: valid and invalid ones; cv::FileStorage reads it too."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from keras2cv.bundle.manifest import ChosenScore, Manifest, Rate, Task, Trial, Tuned, Weights
from keras2cv.errors import BundleError, UsageError
from keras2cv.schema.fields import SchemaError
from support.tiny_bundle import LABELS, Classifier


@pytest.fixture
def manifest() -> Manifest:
    """Return a manifest that uses nearly every field."""
    return Classifier().manifest()


def changed(manifest: Manifest, path: str, value: Any) -> str:
    """Return the manifest's JSON with the value at a dotted path replaced; `...` removes it."""
    root = json.loads(manifest.to_json())
    node = root
    *parents, last = path.split(".")
    for key in parents:
        node = node[int(key)] if isinstance(node, list) else node[key]
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return json.dumps(root)


def test_a_manifest_survives_writing_and_reading(manifest: Manifest) -> None:
    """A written manifest reads back equal, exact decimals included."""
    again = Manifest.from_json(manifest.to_json())
    assert again == manifest
    assert again.preprocessing is not None
    assert again.preprocessing.scale == 1 / 127.5


def test_the_json_is_the_documented_one(manifest: Manifest) -> None:
    """Keys, nesting and types are those that other programs read."""
    root = json.loads(manifest.to_json())
    assert list(root) == [
        "schema", "status", "model", "inputs", "outputs", "task", "engine", "source",
        "preprocessing", "evidence",
    ]  # fmt: skip
    assert root["model"]["bytes"] == str(len(Classifier().onnx()))
    assert root["inputs"][0] == {
        "name": "photo", "net_name": "image", "keras_shape": [1, 9, 12, 3],
        "net_shape": [1, 3, 9, 12], "layout": "NCHW", "dtype": "float32",
    }  # fmt: skip
    assert root["outputs"][0]["batched"] == 1
    assert root["preprocessing"]["size"] == [12, 9]
    assert "pad" not in root["preprocessing"]
    assert root["engine"] == {"name": "any", "fusion": 1, "winograd": 1}


def test_file_storage_reads_every_value(manifest: Manifest, tmp_path: Path) -> None:
    """cv::FileStorage, the only reader of a C++ program, finds the values that Python wrote."""
    path = tmp_path / "manifest.json"
    labels = tuple(f"class {i}: Müller's {{{i}}} 猫 #\\/\"-!" for i in range(1000))
    wide = dataclasses.replace(manifest.outputs[0], keras_shape=(1, 1000), net_shape=(1, 1000))
    task = Task("classify", "scores", "softmax", labels)
    path.write_bytes(manifest.replace(task=task, outputs=(wide,)).to_json().encode())
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
    root = storage.root()
    read = root.getNode("task").getNode("labels")
    assert [read.at(i).string() for i in range(read.size())] == list(labels)
    assert root.getNode("preprocessing").getNode("scale").real() == 1 / 127.5
    shape = root.getNode("inputs").at(0).getNode("net_shape")
    assert [int(shape.at(i).real()) for i in range(shape.size())] == [1, 3, 9, 12]
    assert root.getNode("model").getNode("sha256").string() == manifest.model.sha256
    assert root.getNode("outputs").at(0).getNode("batched").isInt()
    storage.release()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", 2, "schema: 2 is newer than this keras2cv reads (1)"),
        ("schema", 0, "schema: must be 1 to 1, got 0"),
        ("schema", "1", "schema: must be an integer, got '1'"),
        ("colour", "RGB", "colour: unknown key"),
        ("model.extra", 1, "model.extra: unknown key"),
        ("inputs.0.extra", 1, "inputs[0].extra: unknown key"),
        ("task", ..., "task: is missing"),
        ("outputs.0.dtype", ..., "outputs[0].dtype: is missing"),
        ("model.batch", True, "model.batch: must be an integer, got true"),
        ("model.batch", 0, "model.batch: must be 1 to 65536, got 0"),
        ("model.batch", 2**31, "model.batch: must be within +-2147483647"),
        ("model.batch", 2, "inputs[0].keras_shape: must begin with the batch 2, got [1, 9, 12, 3]"),
        ("model.file", "../model.onnx", "model.file: must be a plain name"),
        ("model.file", "/etc/model.onnx", "model.file: must be a plain name"),
        ("model.file", "C:model.onnx", "model.file: must be a plain name"),
        ("model.file", "model.pb", "model.file: must be a plain name in .onnx"),
        ("model.sha256", "ABC", "model.sha256: must be 64 lower-case hex digits"),
        ("model.bytes", 123, "model.bytes: must be a string, got 123"),
        ("model.bytes", "-1", "model.bytes: must be a positive count"),
        ("model.opencv", "4", "model.opencv: must be a version such as 4.6, got '4'"),
        ("model.opencv", ..., "model.opencv: is missing"),
        ("model.format", "tflite", "model.format: must be one of onnx, frozen, got 'tflite'"),
        ("status", "unverified", "evidence: belongs to status verified"),
        ("inputs", [], "inputs (count): must be 1 to 1000, got 0"),
        ("inputs", {}, "inputs: must be a list, got a map"),
        ("inputs.0", None, "inputs[0]: must be a map, got null"),
        ("inputs.0.name", "", "inputs[0].name: must not be empty"),
        ("inputs.0.name", "x" * 4096, "inputs[0].name: at most 4095 bytes of UTF-8, got 4096"),
        ("inputs.0.name", "\x1b[31m", "inputs[0].name: control characters are not allowed"),
        ("inputs.0.name", "\ud800", "inputs[0].name: is not valid Unicode"),
        ("inputs.0.layout", "NHWC", "inputs[0].layout: must be one of"),
        ("inputs.0.layout", "NCW", "inputs[0].layout: NCW has rank 3"),
        ("inputs.0.layout", "same", "inputs[0].net_shape: same makes [1, 9, 12, 3]"),
        ("inputs.0.net_shape", [1, 9, 12, 3], "inputs[0].net_shape: NCHW makes [1, 3, 9, 12]"),
        ("inputs.0.keras_shape", [1] * 9, "inputs[0].keras_shape (rank): must be 0 to 8, got 9"),
        ("inputs.0.keras_shape", [1, 0, 12, 3], "inputs[0].keras_shape: must be 1 to"),
        ("inputs.0.keras_shape", [1, 99999, 99999, 3], "inputs[0].keras_shape (elements)"),
        ("inputs.0.keras_shape", [1, 9.5, 12, 3], "inputs[0].keras_shape[1]: must be an integer"),
        ("outputs.0.batched", 2, "outputs[0].batched: must be 0 or 1, got 2"),
        ("outputs.0.batched", 0, "task.output: scores does not depend on the batch"),
        ("preprocessing.mean", [1.0, 2.0], "preprocessing.mean: RGB needs 3, got 2"),
        ("preprocessing.mean", [1.0, 2.0, "3"], "preprocessing.mean[2]: must be a number"),
        ("preprocessing.std", [1.0, 0.0, 1.0], "preprocessing.std: must not be zero"),
        ("preprocessing.scale", 0, "preprocessing.scale: must not be zero"),
        ("preprocessing.scale", float("nan"), "(root): is not JSON (NaN is not a number)"),
        ("preprocessing.scale", float("inf"), "(root): is not JSON (Infinity is not a number)"),
        ("preprocessing.scale", 10**400, "preprocessing.scale: must be finite"),
        ("preprocessing.size", [9, 12], "preprocessing.size: makes [1, 3, 12, 9]"),
        ("preprocessing.size", [12], "preprocessing.size: must be [width, height]"),
        ("preprocessing.size", [12, 20000], "preprocessing.size: must be 1 to 16384"),
        ("preprocessing.input", "other", "preprocessing.input: is not an input: 'other'"),
        ("preprocessing.interpolation", "best", "preprocessing.interpolation: there is no 'best'"),
        ("preprocessing.resize", "letterbox", "preprocessing.pad: belongs to resize letterbox"),
        ("preprocessing.pad", 114, "preprocessing.pad: belongs to resize letterbox"),
        ("preprocessing.color", "GRAY", "preprocessing.mean: GRAY needs 1, got 3"),
        ("task.kind", "guess", "task.kind: must be one of"),
        ("task.kind", "raw", "task.output: a raw task needs no output"),
        ("task.kind", "binary", "task.output: binary needs 1 value, got 5"),
        ("task.kind", "regress", "task.scores: regress has none, got logits"),
        ("task.output", ..., "task.output: a classify task needs the output it reads"),
        ("task.output", "other", "task.output: is not an output: 'other'"),
        ("task.scores", ..., "task.scores: classify has softmax or logits"),
        ("task.labels", list(LABELS[:4]), "task.labels: must be 5, got 4"),
        ("task.labels", [], "task.labels: must be 1 to 100000, got 0"),
        ("task.labels", list("abcde") * 20001, "task.labels: must be 1 to 100000, got 100005"),
        ("engine.name", "ort", "engine.name: must be one of any, new, classic, got 'ort'"),
        ("engine.fusion", True, "engine.fusion: must be 0 or 1, got true"),
        ("evidence", ..., "evidence: belongs to status verified"),
        ("evidence.runs", [], "evidence.runs: must hold at least one run"),
        ("evidence.verdict", "fail", "evidence.verdict: must be one of pass, got 'fail'"),
        ("evidence.samples", 0, "evidence.samples: must be 1 to"),
        ("evidence.versions", {"python": 3}, "evidence.versions.python: must be a string, got 3"),
        ("evidence.runs.0.outputs.0.name", "x", "evidence.runs[0].outputs: must be those of"),
        ("source.sha256", "12", "source.sha256: must be 64 lower-case hex digits"),
        ("source.sha256", None, "source.sha256: must be a string, got null"),
    ],
)
def test_what_breaks_the_schema_is_named(
    manifest: Manifest, path: str, value: Any, message: str
) -> None:
    """Every field that is unknown, missing, mistyped or out of bounds is named by its JSON path."""
    with pytest.raises(BundleError) as error:
        Manifest.from_json(changed(manifest, path, value))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must start with '{', got ''"),
        ("[]", "must start with '{'"),
        (" {}", "must start with '{', got ' '"),
        ("{", "is not JSON"),
        ('{"schema": 1, "schema": 1}', "key 'schema' appears twice"),
        ('{"schema": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"schema": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"schema": -Infinity}', "-Infinity is not a number"),
    ],
)
def test_what_is_not_one_json_map_is_refused(text: str, message: str) -> None:
    """Text that JSON readers would disagree about never becomes a manifest."""
    with pytest.raises(BundleError, match="root") as error:
        Manifest.from_json(text)
    assert message in str(error.value)


def test_two_tensors_of_one_name_are_refused(manifest: Manifest) -> None:
    """Names are how tensors are found, so they must differ."""
    root = json.loads(manifest.to_json())
    root["inputs"].append(copy.deepcopy(root["inputs"][0]))
    with pytest.raises(BundleError, match="every name must differ"):
        Manifest.from_json(json.dumps(root))


def test_a_record_checks_itself_without_json() -> None:
    """The exporter meets the same checks when it builds a record in Python."""
    with pytest.raises(BundleError, match="a raw task needs no output"):
        Task("raw", "scores")


def test_what_cannot_be_written_is_refused_when_writing(manifest: Manifest) -> None:
    """A value that some OpenCV cannot read back is found by the writer, not by the device."""
    task = Task("classify", "scores", "logits", (*LABELS[:4], "two\nlines"))
    with pytest.raises(BundleError, match=r"task\.labels\[4\]: control characters"):
        manifest.replace(task=task).to_json()


def test_how_weights_are_stored_survives_writing(manifest: Manifest) -> None:
    """The field is left out where they are float32."""
    stored = manifest.replace(weights=Weights("int8", 2, "1234", 0.9375))
    assert Manifest.from_json(stored.to_json()) == stored
    assert json.loads(stored.to_json())["weights"] == {
        "storage": "int8", "kernels": 2, "float32_bytes": "1234", "top1": 0.9375,
    }  # fmt: skip
    assert "weights" not in json.loads(manifest.to_json())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("storage", "int4", "weights.storage: must be one of fp16, int8"),
        ("kernels", 0, "weights.kernels: must be 1 to"),
        ("float32_bytes", "0", "weights.float32_bytes: must be a positive count"),
        ("float32_bytes", 12, "weights.float32_bytes: must be a string"),
        ("top1", 1.5, "weights.top1: must be 0 to 1"),
        ("scale", 1, "weights.scale: unknown key"),
    ],
)
def test_what_is_no_storage_of_weights(
    manifest: Manifest, key: str, value: Any, message: str
) -> None:
    """Is refused by its path."""
    stored = manifest.replace(weights=Weights("fp16", 2, "1234"))
    with pytest.raises(BundleError, match=message):
        Manifest.from_json(changed(stored, f"weights.{key}", value))


WAYS = (
    Trial("new", 4, True, True, 12.5, 1.0, 1.01),
    Trial("classic", 4, True, False, 9.5, 0.76, 0.8, rewrites=("pool_by_window", "pair_rows")),
    Trial("classic", 1, True, True, refused="parity: fail"),
)


RATES = (
    Rate(1, 4, 1, 12.5, 1.0, 1.01),
    Rate(1, 4, 8, refused="OpenCV: Reshape"),
    Rate(2, 2, 1, 10.5, 0.84, 0.9),
)


def test_how_many_samples_are_the_fastest_survives_writing(manifest: Manifest) -> None:
    """Refused rates and their reasons do too."""
    tuned = manifest.replace(tuned=Tuned("5.0.0", "a processor", 8, 1, WAYS, RATES, 2))
    assert Manifest.from_json(tuned.to_json()) == tuned
    assert tuned.tuned is not None
    assert tuned.tuned.fastest is RATES[2]
    assert Tuned("5.0.0", "a processor", 8, 1, WAYS).fastest is None


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("tuned.rate", 3, "tuned.rate: must be 0 to 2"),
        ("tuned.rate", 1, "tuned.rate: must be one that was timed"),
        ("tuned.rates", [], r"tuned.rates \(count\): must be 1 to"),
        ("tuned.rates.0.nets", 65, r"tuned.rates\[0\].nets: must be 1 to 64"),
        ("tuned.rates.0.batch", 0, r"tuned.rates\[0\].batch: must be 1 to"),
        ("tuned.rates.0.threads", 0, r"tuned.rates\[0\].threads: must be 1 to"),
        ("tuned.rates.0.ratio", 0, r"tuned.rates\[0\].sample_ms: times must be positive"),
        ("tuned.rates.1.high", 1.0, r"tuned.rates\[1\].refused: belongs to a trial"),
        ("tuned.rates.1.speed", 1, r"tuned.rates\[1\].speed: unknown key"),
    ],
)
def test_no_such_rates(manifest: Manifest, path: str, value: Any, message: str) -> None:
    """Are refused by their path."""
    tuned = manifest.replace(tuned=Tuned("5.0.0", "a processor", 8, 1, WAYS, RATES, 2))
    with pytest.raises(BundleError, match=message):
        Manifest.from_json(changed(tuned, path, value))


def test_rates_and_their_choice_belong_together(manifest: Manifest) -> None:
    """One without the other is half a fact."""
    with pytest.raises(BundleError, match=r"rate: belongs to rates"):
        Tuned("5.0.0", "a processor", 8, 1, WAYS, RATES)
    with pytest.raises(BundleError, match=r"rate: belongs to rates"):
        Tuned("5.0.0", "a processor", 8, 1, WAYS, rate=0)


def test_another_batch_is_in_every_shape(manifest: Manifest) -> None:
    """Every shape with a batch changes; changed back, the manifest is the same."""
    other = manifest.at_batch(5)
    assert other.model.batch == 5
    assert {tensor.keras_shape[0] for tensor in other.inputs} == {5}
    assert {tensor.net_shape[0] for tensor in other.outputs if tensor.batched} == {5}
    assert other.at_batch(manifest.model.batch) == manifest


def test_what_tuning_found_survives_writing(manifest: Manifest) -> None:
    """Every setting with its time, or the reason why it was not timed."""
    tuned = manifest.replace(tuned=Tuned("5.0.0", "a processor", 8, 1, WAYS))
    assert Manifest.from_json(tuned.to_json()) == tuned
    assert tuned.tuned is not None
    assert str(tuned.tuned.choice) == "classic engine, 4 threads, without winograd"
    assert "tuned" not in json.loads(manifest.to_json())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("tuned.chosen", 3, "tuned.chosen: must be 0 to 2"),
        ("tuned.chosen", 2, "tuned.chosen: must be a trial that was timed"),
        ("tuned.cores", 0, "tuned.cores: must be 1 to"),
        ("tuned.trials", [], r"tuned.trials \(count\): must be 1 to"),
        ("tuned.trials.0.engine", "any", r"tuned.trials\[0\].engine: must be one of new, classic"),
        ("tuned.trials.0.threads", 0, r"tuned.trials\[0\].threads: must be 1 to"),
        ("tuned.trials.0.ratio", -1, r"tuned.trials\[0\].median_ms: times must be positive"),
        ("tuned.trials.2.ratio", 1.0, r"tuned.trials\[2\].refused: belongs to a trial"),
        ("tuned.trials.1.rewrites", ["x", "x"], r"\[1\].rewrites: every name must differ"),
        ("tuned.trials.1.rewrites", ["../x"], r"\[1\].rewrites: must be names of rewrites"),
        ("tuned.trials.1.rewrites", ["a"] * 101, r"\[1\].rewrites \(count\): must be 0 to 100"),
        ("tuned.trials.1.rewrites", "x", r"\[1\].rewrites: must be a list"),
        ("tuned.speed", 1, "tuned.speed: unknown key"),
    ],
)
def test_what_no_tuning_finds(manifest: Manifest, path: str, value: Any, message: str) -> None:
    """Is refused by its path."""
    tuned = manifest.replace(tuned=Tuned("5.0.0", "a processor", 8, 1, WAYS))
    with pytest.raises(BundleError, match=message):
        Manifest.from_json(changed(tuned, path, value))


def test_a_class_is_not_there_fewer_than_no_times() -> None:
    """The count in the evidence of a chosen score."""
    with pytest.raises(SchemaError, match="support"):
        ChosenScore("cat", 0.5, 0.5, 0.5, 0.5, -1)


def test_a_tensor_that_is_not_there_is_named_beside_those_that_are(manifest: Manifest) -> None:
    """A user asks for it by Keras' name."""
    given = manifest.inputs[0].name
    assert manifest.input(given) is manifest.inputs[0]
    with pytest.raises(UsageError, match=f"no input 'nothing'. Its inputs are {given}"):
        manifest.input("nothing")
    with pytest.raises(UsageError, match="no output 'nothing'"):
        manifest.output("nothing")
