"""The loaded bundle: Keras' arrays in and out, images to results, any batch size."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx.helper import make_node

import keras2cv
from keras2cv.bundle.manifest import InputTensor, Manifest, OutputTensor, Task
from keras2cv.bundle.writing import write_bundle
from keras2cv.errors import InputError, Keras2cvWarning, MissingDependency, UsageError
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.tasks.classify.postprocess import softmax
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.raw.result import RawOutputs
from support.drawn_image import draw_image
from support.tiny_bundle import CLASSES, HEIGHT, LABELS, WIDTH, Classifier, manifest_of, net, npz

Array = NDArray[Any]
RNG = np.random.default_rng(31)


def photos(count: int) -> Array:
    """Return (count, H, W, 3) float32 of the classifier's size, all different."""
    return RNG.uniform(-1, 1, (count, HEIGHT, WIDTH, 3)).astype(np.float32)


def write(folder: Path, model: bytes, manifest: Manifest) -> Path:
    """Write a bundle whose golden vectors nobody reads."""
    write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})
    return folder


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_infer_takes_any_batch_size(tmp_path: Path, batch: int, count: int) -> None:
    """Each sample gets its own answer, whatever batch the file was made with."""
    model = keras2cv.load(Classifier(batch).write(tmp_path / "cat.cv"))
    x = photos(count)
    (scores,) = model.infer(x)
    assert scores.shape == (count, CLASSES)
    assert scores.dtype == np.float32
    assert np.allclose(scores, Classifier()(x), atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3])
def test_predict_takes_an_image_or_a_list(tmp_path: Path, batch: int) -> None:
    """One image gives one result; a list gives one per image, the same as each alone."""
    model = keras2cv.load(Classifier(batch).write(tmp_path / "cat.cv"))
    images = [draw_image(143, 89, seed) for seed in range(4)] + [draw_image(20, 300)]
    alone = [model.predict(image) for image in images]
    together = model.predict(images)
    assert len(together) == 5
    for one, other in zip(alone, together, strict=True):
        assert isinstance(one, Classification)
        assert isinstance(other, Classification)
        assert np.allclose(one.scores, other.scores, atol=1e-6)


def test_predict_is_preprocess_then_infer_then_the_task(cat_cv: Path) -> None:
    """The result equals the same steps taken one by one, logits turned to probabilities."""
    model = keras2cv.load(cat_cv)
    image = draw_image(143, 89)
    assert model.manifest.preprocessing is not None
    blob = Preprocessor(model.manifest.preprocessing)([image])
    logits = Classifier()(blob.transpose(0, 2, 3, 1))
    result = model.predict(image)
    assert isinstance(result, Classification)
    assert np.allclose(result.scores, softmax(logits)[0], atol=1e-6)
    assert result.labels == LABELS
    seen, outputs = model.run_image(image)
    assert np.array_equal(seen, blob)
    assert np.allclose(outputs[0], logits, atol=1e-5)


def test_a_dict_of_inputs_gives_a_dict_of_outputs(cat_cv: Path) -> None:
    """Called like a function, the model maps Keras' names to Keras' names."""
    model = keras2cv.load(cat_cv)
    x = photos(2)
    assert np.array_equal(model({"photo": x})["scores"], model.infer(x)[0])
    assert np.array_equal(model.infer({"photo": x})[0], model.infer(x)[0])
    assert (model.input_names, model.output_names) == (("photo",), ("scores",))


@pytest.mark.classic
def test_what_runs_is_reported(cat_cv: Path) -> None:
    """Device, engine and threads are read back, not repeated from the request."""
    before = cv2.getNumThreads()
    try:
        model = keras2cv.load(cat_cv, engine="classic", threads=1)
        assert (model.device, model.engine, model.threads) == ("cpu", "classic", 1)
    finally:
        cv2.setNumThreads(before)


def test_loading_changes_no_threads_by_itself(cat_cv: Path) -> None:
    """OpenCV's thread count is the whole process', so it is left alone unless asked for."""
    before = cv2.getNumThreads()
    keras2cv.load(cat_cv)
    assert cv2.getNumThreads() == before


def test_a_path_is_predicted_as_its_image(cat_cv: Path, tmp_path: Path) -> None:
    """As text or as a Path, alone or in a list; one that leads nowhere is an error."""
    model = keras2cv.load(cat_cv)
    path = tmp_path / "photo.png"
    image = draw_image(40, 30)
    assert cv2.imwrite(str(path), image)
    expected = model.predict(image).to_dict()
    assert model.predict(str(path)).to_dict() == expected
    assert model.predict(path).to_dict() == expected
    assert [r.to_dict() for r in model.predict([str(path), image, path])] == [expected] * 3
    with pytest.raises(InputError, match=r"gone\.png cannot be read: No such file"):
        model.predict("gone.png")


def test_a_predictor_describes_itself(cat_cv: Path) -> None:
    """On one line: the bundle, the task, the input, and where it runs."""
    text = repr(keras2cv.load(cat_cv))
    assert text.startswith(f"<Predictor {cat_cv}: classify of {CLASSES} classes, from photo (1, ")
    assert text.endswith(("verified, on cpu, new engine>", "classic engine>"))


def test_an_unverified_bundle_warns(tmp_path: Path) -> None:
    """It runs, with a warning that nobody compared it, or that the comparison said too little."""
    manifest = Classifier().manifest().replace(status="unverified", evidence=None)
    path = write(tmp_path / "cat.cv", Classifier().onnx(), manifest)
    with pytest.warns(Keras2cvWarning, match="is inconclusive: it was compared with"):
        keras2cv.load(path)
    (path / "selftest.npz").unlink()  # an export that compares nothing writes none
    with pytest.warns(Keras2cvWarning, match="is unverified: nobody compared it") as caught:
        keras2cv.load(path)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((), r"takes 1 inputs \(photo\), got 0"),
        ((photos(1), photos(1)), "got 2"),
        ((photos(1)[0],), r"must be \(N, 9, 12, 3\) float32, got \(9, 12, 3\)\. The batch dim"),
        ((photos(2).transpose(0, 3, 1, 2),), r"got \(2, 3, 9, 12\)\. It is channels first"),
        ((photos(1)[0].transpose(2, 0, 1),), "channels first and has no batch dimension"),
        ((photos(0),), "holds no samples"),
        ((np.float32(3),), r"got \(\)"),
        ((draw_image(143, 89),), r"got \(89, 143, 3\)\. Only predict\(\) resizes images"),
        ((photos(1).astype(str),), "must be numbers, got <U32"),
        (({"foto": photos(1)},), r"inputs are \['photo'\], got \['foto'\]"),
    ],
)
def test_a_wrong_array_is_refused_with_the_likely_reason(
    cat_cv: Path, arrays: tuple[Any, ...], message: str
) -> None:
    """The error shows expected and got, and the likely intention."""
    with pytest.raises(InputError, match=message):
        keras2cv.load(cat_cv).infer(*arrays)


@pytest.mark.parametrize("images", [None, [], [None], "photo.jpg", [draw_image(9, 9), 3]])
def test_what_is_no_image_is_refused(cat_cv: Path, images: Any) -> None:
    """None from cv2.imread, a path, an empty list: none of them reaches cv2."""
    with pytest.raises(InputError):
        keras2cv.load(cat_cv).predict(images)


def test_other_number_types_are_taken_as_keras_takes_them(cat_cv: Path) -> None:
    """Integers and float64 become the input's float32; lists become arrays."""
    model = keras2cv.load(cat_cv)
    x = RNG.integers(-3, 4, (2, HEIGHT, WIDTH, 3))
    expected = model.infer(x.astype(np.float32))[0]
    for same in (x, x.astype(np.float64), x.tolist(), x.astype(np.int8)):
        assert np.array_equal(model.infer(same)[0], expected)


# Two inputs (a volume, channels last; codes), four outputs, of every layout and dtype.
VOLUME, CODES = (2, 3, 4, 5, 6), (2, 7)
ROW = RNG.normal(size=(1, 7)).astype(np.float32)


def several(folder: Path, code_dtype: str = "int32") -> Path:
    """Write a bundle of a net with batch 2, two inputs and four outputs."""
    channels_first = (2, 6, 3, 4, 5)
    nodes = [
        make_node("Relu", ["v"], ["volume_out"]),
        make_node("Add", ["c", "half"], ["codes_out"]),
        make_node("Gemm", ["c", "row"], ["column"], transB=1),
        make_node("Reshape", ["column", "two"], ["sum_out"]),
    ]
    weights = {"half": np.full(CODES, 0.75, np.float32), "row": ROW, "two": np.array([2])}
    inputs = {"v": channels_first, "c": CODES}
    outputs = {"volume_out": channels_first, "codes_out": CODES, "sum_out": (2,)}
    model = net(nodes, inputs, outputs, weights)
    manifest = manifest_of(
        model,
        inputs=(
            InputTensor("volume", "v", VOLUME, channels_first, "NCDHW", "float32"),
            InputTensor("codes", "c", CODES, CODES, "same", code_dtype),  # type: ignore[arg-type]
        ),
        outputs=(
            OutputTensor("sum", "sum_out", (2,), (2,), "same", "float64", batched=True),
            OutputTensor("rounded", "codes_out", CODES, CODES, "same", "int32", batched=True),
            OutputTensor("any", "codes_out", CODES, CODES, "same", "bool", batched=True),
            OutputTensor(
                "volume", "volume_out", VOLUME, channels_first, "NCDHW", "float16", batched=True
            ),
        ),
        batch=2,
    )
    return write(folder / "several.cv", model, manifest)


def test_layouts_dtypes_order_and_names_are_keras(tmp_path: Path) -> None:
    """Five-dimensional, integer, boolean, half and double tensors come back as Keras has them."""
    model = keras2cv.load(several(tmp_path))
    volume = RNG.normal(size=(5, *VOLUME[1:])).astype(np.float32)
    codes = RNG.integers(-900, 900, (5, 7)).astype(np.int32)
    total, rounded, anything, back = model.infer(volume, codes)
    assert [a.dtype.name for a in (total, rounded, anything, back)] == [
        "float64", "int32", "bool", "float16",
    ]  # fmt: skip
    assert np.allclose(total, codes @ ROW[0].astype(np.float64), rtol=1e-5)
    assert np.array_equal(rounded, codes + 1)
    assert anything.all()
    assert np.array_equal(back, np.maximum(volume, 0).astype(np.float16))
    assert back.flags.c_contiguous


def test_a_bundle_without_preprocessing_predicts_on_arrays(tmp_path: Path) -> None:
    """`predict` takes the arguments of `infer`, and returns a result per sample."""
    model = keras2cv.load(several(tmp_path))
    volume = RNG.normal(size=(3, *VOLUME[1:])).astype(np.float32)
    codes = RNG.integers(-900, 900, (3, 7)).astype(np.int32)
    results = model.predict([volume, codes])
    assert len(results) == 3
    assert isinstance(results[2], RawOutputs)
    assert np.array_equal(results[2]["rounded"], codes[2] + 1)
    with pytest.raises(UsageError, match="does not say how an image becomes its input"):
        model.run_image(draw_image(9, 9))


@pytest.mark.parametrize(
    ("dtype", "codes", "message"),
    [
        ("int32", [[0.5] * 7], "must be int32, got float64 with values that it cannot hold"),
        ("int32", [[float("nan")] * 7], "must be int32, got float64"),
        ("uint8", [[256] * 7], "must be uint8, got int64"),
        ("uint8", [[-1] * 7], "must be uint8, got int64"),
        ("int64", [[2**24 + 1] * 7], r"must be within \+-16777216, .* got 16777217"),
        ("int64", [[-(2**63)] * 7], "got 9223372036854775808"),
        ("bool", [[2] * 7], "must be bool, got int64"),
        ("float32", [[1 + 2j] * 7], "must be numbers, got complex128"),
    ],
)
def test_integers_arrive_unchanged_or_not_at_all(
    tmp_path: Path, dtype: str, codes: Any, message: str
) -> None:
    """A value beyond the input's dtype or the net's float32 is refused, never rounded."""
    model = keras2cv.load(several(tmp_path, dtype))
    with pytest.raises(InputError, match=message):
        model.infer(np.zeros((1, *VOLUME[1:]), np.float32), np.array(codes))


def test_inputs_must_have_the_same_number_of_samples(tmp_path: Path) -> None:
    """The batch is one number for all inputs."""
    model = keras2cv.load(several(tmp_path))
    with pytest.raises(InputError, match=r"same number of samples, got \[3, 2\]"):
        model.infer(np.zeros((3, *VOLUME[1:])), np.zeros((2, 7)))


def test_an_image_alone_cannot_feed_two_inputs(tmp_path: Path) -> None:
    """The error of `predict` names the inputs that are missing."""
    classifier = Classifier()
    nodes = [make_node("Add", ["image", "bias"], ["logits"])]
    shape, net_shape = (1, HEIGHT, WIDTH, 3), (1, 3, HEIGHT, WIDTH)
    model = net(nodes, {"image": net_shape, "bias": net_shape}, {"logits": net_shape})
    bias = InputTensor("bias", "bias", shape, net_shape, "NCHW", "float32")
    base = classifier.manifest()
    manifest = manifest_of(
        model,
        inputs=(*base.inputs, bias),
        outputs=(OutputTensor("y", "logits", shape, net_shape, "NCHW", "float32", batched=True),),
        preprocessing=base.preprocessing,
    )
    loaded = keras2cv.load(write(tmp_path / "two.cv", model, manifest))
    with pytest.raises(UsageError, match="has the inputs photo, bias, and an image fills only one"):
        loaded.predict(draw_image(9, 9))


def test_an_output_without_a_batch_is_the_same_for_every_sample(tmp_path: Path) -> None:
    """Infer returns it once, as Keras does; predict gives it to each result."""
    nodes = [
        make_node("Relu", ["x"], ["y"]),
        make_node("Mul", ["x", "zeros"], ["zero"]),
        make_node("Add", ["zero", "table"], ["t"]),
    ]
    weights = {
        "zeros": np.zeros((1, 3), np.float32),
        "table": RNG.normal(size=(1, 3)).astype(np.float32),
    }
    model = net(nodes, {"x": (1, 3)}, {"y": (1, 3), "t": (1, 3)}, weights)
    manifest = manifest_of(
        model,
        inputs=(InputTensor("x", "x", (1, 3), (1, 3), "same", "float32"),),
        outputs=(
            OutputTensor("y", "y", (1, 3), (1, 3), "same", "float32", batched=True),
            OutputTensor("table", "t", (1, 3), (1, 3), "same", "float32", batched=False),
        ),
    )
    loaded = keras2cv.load(write(tmp_path / "table.cv", model, manifest))
    x = RNG.normal(size=(4, 3)).astype(np.float32)
    y, table = loaded.infer(x)
    assert (y.shape, table.shape) == ((4, 3), (1, 3))
    assert np.array_equal(table, weights["table"])
    results = loaded.predict(x)
    assert isinstance(results, list)
    assert np.array_equal(results[3].to_dict()["outputs"]["table"], weights["table"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"device": "tpu"}, UsageError, "There is no device 'tpu'"),
        ({"device": "cuda", "engine": "new"}, (UsageError, MissingDependency), "cuda"),
        ({"engine": "fast"}, UsageError, "There is no engine 'fast'"),
        ({"threads": 0}, UsageError, "threads must be at least 1, got 0"),
        ({"threads": 999_999_999}, UsageError, r"threads must be at most \d+ on this machine"),
    ],
)
def test_an_option_that_cannot_be_met_is_an_error(
    cat_cv: Path, options: dict[str, Any], error: Any, message: str
) -> None:
    """Nothing is silently replaced by something else."""
    with pytest.raises(error, match=message):
        keras2cv.load(cat_cv, **options)


def test_a_device_that_is_not_there_is_an_error_and_auto_falls_back(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by name it must be there; auto takes the CPU and reports that."""
    reasons = {"cuda": "built without CUDA", "cuda-fp16": "built without CUDA", "opencl": "none"}
    monkeypatch.setattr("keras2cv.net.device._missing_devices", lambda: reasons)
    with pytest.raises(MissingDependency, match="cuda is not there: built without CUDA"):
        keras2cv.load(cat_cv, device="cuda")
    assert keras2cv.load(cat_cv, device="auto").device == "cpu"


@pytest.mark.classic
def test_a_device_that_is_there_is_taken_on_the_classic_engine(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backend and target are set on the net, whose new engine could not use them."""
    targets = {"cuda": (cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU)}
    monkeypatch.setattr("keras2cv.net.device._missing_devices", dict)
    monkeypatch.setattr("keras2cv.net.net.TARGETS", targets)
    model = keras2cv.load(cat_cv, device="auto")
    assert (model.device, model.engine) == ("cuda", "classic")


def test_the_hash_check_can_be_skipped(cat_cv: Path) -> None:
    """check_hash=False loads a model whose bytes were changed without changing its meaning."""
    path = cat_cv / "model.onnx"
    data = path.read_bytes().replace(b"tiny", b"tinx")
    assert hashlib.sha256(data).hexdigest() != keras2cv.load(cat_cv).manifest.model.sha256
    path.write_bytes(data)
    with pytest.raises(keras2cv.BundleError, match="sha256"):
        keras2cv.load(cat_cv)
    assert keras2cv.load(cat_cv, check_hash=False).predict(draw_image(40, 30))


def test_every_task_kind_can_be_served(tmp_path: Path) -> None:
    """The same net serves as classifier, regressor and raw model, by its manifest."""
    base = Classifier().manifest()
    for task, name in (
        (Task("regress", "scores", None, LABELS), "Regression"),
        (Task("raw"), "RawOutputs"),
        (Task("classify", "scores", "linear"), "Classification"),
    ):
        manifest = dataclasses.replace(base, task=task)
        model = keras2cv.load(write(tmp_path / "cat.cv", Classifier().onnx(), manifest))
        assert type(model.predict(draw_image(40, 30))).__name__ == name


def test_an_opencv_that_is_too_old_is_refused_before_it_reads_the_net(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, where cv2 would fail with its own."""
    classifier = Classifier()
    manifest = classifier.manifest()
    newer = dataclasses.replace(manifest.model, opencv="99.1")
    folder = write(
        tmp_path / "new.cv", classifier.onnx(), dataclasses.replace(manifest, model=newer)
    )
    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", None)
    with pytest.raises(
        MissingDependency, match=r"new\.cv needs OpenCV 99\.1 or newer, and this is"
    ):
        keras2cv.load(folder)
