"""Batches of columns in, the answers of one process out; bad rows in a column of errors."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.batches import loaded
from keras2cv.batches.array_predictor import ArrayPredictor
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.batches.records import RecordPredictor
from keras2cv.errors import BundleError, InputError, UsageError
from keras2cv.sample import BUNDLE, PHOTO
from support.drawn_image import draw_image
from support.played_frame import Frame
from support.several_inputs import expected_sum, write_sum
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

COUNT = 7
IMAGES = [draw_image(40 + 9 * k, 31, k) for k in range(COUNT)]
FILES = [cv2.imencode(".png", image)[1].tobytes() for image in IMAGES]
BAD = {2: b"", 4: None, 5: b"GIF89a is not all of it"}
MIXED = [BAD.get(k, file) for k, file in enumerate(FILES)]


@pytest.fixture(autouse=True)
def _as_many_threads_as_before() -> Iterator[None]:
    """A worker has one; this process is none."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


@pytest.fixture(params=[1, 4])
def bundle(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The classifier, of a batch that good and bad rows share."""
    return Classifier(request.param).write(tmp_path / "cat.cv")


def documents(bundle: Path, images: Any = IMAGES) -> list[str]:
    """Return what one process answers."""
    return [json.dumps(result.to_dict()) for result in keras2cv.load(bundle).predict(images)]


def test_each_row_has_the_answer_of_one_process(bundle: Path) -> None:
    """Beside its id, in whatever batches the rows come."""
    predictor = BatchPredictor(bundle, column="content")
    expected = keras2cv.load(bundle).predict(IMAGES)
    for sizes in ([7], [3, 0, 4], [1] * 7):
        start, found = 0, []
        for size in sizes:
            rows = slice(start, start + size)
            batch = predictor({"id": np.arange(7)[rows], "content": FILES[rows]})
            assert list(batch) == ["id", "label", "score", "result", "error"]
            found += list(zip(*batch.values(), strict=True))
            start += size
        assert found == [
            (k, answer.label, answer.score, json.dumps(answer.to_dict()), "")
            for k, answer in enumerate(expected)
        ]


def test_bad_rows_have_a_reason_and_the_others_an_answer(bundle: Path) -> None:
    """A bad row has no label, no score and no result."""
    found = BatchPredictor(bundle)({"photo": MIXED})
    expected = documents(bundle)
    for k in range(COUNT):
        row = [found[name][k] for name in ("label", "result", "error")]
        if k in BAD:
            assert (row[0], row[1], np.isnan(found["score"][k])) == ("", "", True)
        else:
            assert row[1:] == [expected[k], ""]
    assert [found["error"][k].split(".")[0] for k in BAD] == [
        "the image of 0 bytes is empty (0 bytes)",
        "an image must be the bytes of its file, a path or an address, got nothing",
        f"OpenCV {cv2.__version__.split('.')[0]}",
    ]


def test_a_batch_of_bad_rows_alone_is_no_error(bundle: Path) -> None:
    """It has a reason in each."""
    assert all(BatchPredictor(bundle)({"photo": [None, b"", "gone.png"]})["error"])


def test_an_empty_batch_has_the_columns_of_others(bundle: Path) -> None:
    """With their dtypes, so that an engine knows them; and no net is loaded for it."""
    predictor = BatchPredictor(bundle, answer="arrays")
    (bundle / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError):
        BatchPredictor(bundle)
    found = predictor({"id": np.arange(0), "photo": []})
    assert {name: (len(c), np.asarray(c).dtype.kind) for name, c in found.items()} == {
        "id": (0, "i"),
        "scores": (0, "f"),
        "error": (0, "O"),
    }


def test_images_may_be_arrays_in_either_order(bundle: Path) -> None:
    """Ray's `read_images` has RGB; gray has one order."""
    expected = documents(bundle)
    flipped = [image[..., ::-1] for image in IMAGES]
    for images, color in ((IMAGES, "BGR"), (flipped, "RGB")):
        found = BatchPredictor(bundle, color=color)({"photo": images})  # type: ignore[arg-type]
        assert list(found["result"]) == expected
    gray = [image[..., 0] for image in IMAGES]
    for color in ("BGR", "RGB"):
        found = BatchPredictor(bundle, color=color)({"photo": gray})  # type: ignore[arg-type]
        assert list(found["result"]) == documents(bundle, gray)


def test_arrays_as_infer_takes_them(bundle: Path) -> None:
    """Flat or not, with the result or the outputs as answer; a bad row is NaN."""
    photos = np.random.default_rng(1).uniform(-1, 1, (COUNT, HEIGHT, WIDTH, 3)).astype(np.float32)
    model = keras2cv.load(bundle)
    for rows in (photos, photos.reshape(COUNT, -1)):
        arrays = BatchPredictor(bundle, prepared=True, answer="arrays")({"photo": rows})
        np.testing.assert_array_equal(arrays["scores"], model.infer(photos)[0])
    results = BatchPredictor(bundle, prepared=True)({"photo": list(photos)})["result"]
    expected = [json.dumps(r.to_dict()) for r in model.results_of(model.infer(photos))]
    assert list(results) == expected
    rows = [*photos[:2], None, photos[3] * np.inf, photos[4, 1:]]
    found = BatchPredictor(bundle, prepared=True, answer="arrays")({"photo": rows})
    np.testing.assert_array_equal(found["scores"][:2], model.infer(photos[:2])[0])
    assert np.isnan(found["scores"][[2, 4]]).all()
    assert [bool(error) for error in found["error"]] == [False, False, True, True, True]
    assert found["error"][3] == "the input holds NaN or infinity"


def test_a_detector_answers_in_pixels_of_each_image() -> None:
    """Not in those of the input; what has no shape in a data frame is JSON."""
    image = cv2.imread(str(PHOTO))
    assert image is not None
    images = [image, cv2.resize(image, None, fx=2, fy=2)]
    found = BatchPredictor(BUNDLE)({"image": images})
    expected = [result.to_dict() for result in keras2cv.load(BUNDLE).predict(images)]
    assert [json.loads(text) for text in found["result"]] == json.loads(json.dumps(expected))
    boxes = BatchPredictor(BUNDLE, answer="arrays")({"image": images})["boxes"]
    flat = BatchPredictor(BUNDLE, answer="arrays", flat=True)({"image": images})["boxes"]
    assert boxes.ndim == 3
    np.testing.assert_array_equal(flat, boxes.reshape(2, -1))


def test_options_of_load_are_passed_on() -> None:
    """Such as a threshold; it is another model than without."""
    image = cv2.imread(str(PHOTO))
    few, all_of_them = (
        json.loads(BatchPredictor(BUNDLE, score=score)({"image": [image]})["result"][0])
        for score in (0.99, 0.01)
    )
    assert len(few["detections"]) < len(all_of_them["detections"])


def test_several_inputs_have_a_column_each(tmp_path: Path) -> None:
    """The image's by name or by default, and rows are bad one by one."""
    bundle = write_sum(tmp_path / "sum.cv", 3)
    facts = np.random.default_rng(2).normal(size=(COUNT, 4)).astype(np.float32)
    expected = [expected_sum(image, row) for image, row in zip(IMAGES, facts, strict=True)]
    batch = {"content": FILES, "facts": facts, "id": np.arange(COUNT)}
    for column in ("content", {"photo": "content"}):
        found = BatchPredictor(bundle, column=column, answer="arrays")(batch)
        assert list(found) == ["id", "y", "error"]
        np.testing.assert_allclose(found["y"], expected, atol=1e-5)
    both = keras2cv.load(bundle)({"photo": FILES, "facts": facts})["y"]
    np.testing.assert_allclose(both, expected, atol=1e-5)
    rows = [[1, 2, 3], *facts[1:]]
    found = BatchPredictor(bundle, answer="arrays")({"photo": MIXED, "facts": rows})
    assert [k for k, error in enumerate(found["error"]) if error] == [0, *BAD]
    np.testing.assert_allclose(found["y"][1], expected[1], atol=1e-5)


def test_a_data_frame_stays_one(bundle: Path) -> None:
    """With its index; texts are texts, in no rows too."""
    for files in (FILES, []):
        content = np.array([None, *files], object)[1:]
        frame = Frame({"id": range(len(files)), "content": content}, range(3, 3 + len(files)))
        found = BatchPredictor(bundle, column="content", keep_input=True)(frame)
        assert found.index == frame.index
        assert found.columns == ["id", "content", "label", "score", "result", "error"]
        assert list(found["result"]) == (documents(bundle) if files else [])


def test_records_are_dicts_with_the_answers(bundle: Path) -> None:
    """As a bag has them; no record gives none."""
    predict = RecordPredictor(BatchPredictor(bundle))
    found = predict({"id": k, "photo": file} for k, file in enumerate(FILES))
    assert [record["result"] for record in found] == documents(bundle)
    assert list(found[0]) == ["id", "label", "score", "result", "error"]
    assert predict([]) == []
    with pytest.raises(InputError, match=r"Record 1 must be a dict .* got \['id'\]"):
        predict([{"photo": FILES[0]}, {"id": 1}])


def test_it_travels_small_and_loads_once_per_thread(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pickle has neither net nor labels' pictures, and every copy finds the loaded model."""
    loads = []
    real = loaded.load_same
    monkeypatch.setattr(loaded, "load_same", lambda *given: loads.append(given) or real(*given))
    data = pickle.dumps(BatchPredictor(bundle))
    assert len(data) < 4000

    def work(_: int) -> list[str]:
        predict = pickle.loads(data)  # noqa: S301 - our own
        return [text for _ in range(3) for text in predict({"photo": FILES})["result"]]

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, range(4)))
    assert found == [documents(bundle) * 3] * 4
    assert 1 <= len(loads) <= 2


def test_another_model_at_the_path_is_refused(bundle: Path) -> None:
    """A worker whose disk has an older bundle would answer wrongly."""
    predictor = BatchPredictor(bundle)
    assert BatchPredictor(bundle, sha256=predictor.sha256).sha256 == predictor.sha256
    Classifier(3).write(bundle)
    for call in (
        lambda: predictor({"photo": FILES}),
        lambda: BatchPredictor(bundle, sha256=predictor.sha256),
    ):
        with pytest.raises(BundleError, match="holds another model"):
            call()


def test_a_worker_has_one_thread_unless_told(bundle: Path) -> None:
    """Whole images are shared out, not layers."""
    cv2.setNumThreads(2)
    BatchPredictor(bundle, threads=None)({"photo": FILES[:1]})
    assert cv2.getNumThreads() == 2
    BatchPredictor(bundle)({"photo": FILES[:1]})
    assert cv2.getNumThreads() == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "answer": ({"answer": "json"}, "answer must be one of results, arrays, got 'json'"),
    "color": ({"color": "GRAY"}, "color must be one of BGR, RGB, got 'GRAY'"),
    "option": ({"colour": "RGB"}, "There is no option colour"),
    "input": ({"column": {"image": "content"}}, "input must be one of photo, got 'image'"),
    "column": ({"column": 3}, "column must be a name or a dict .* got 3"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_an_option_that_means_nothing_is_refused(
    bundle: Path, options: dict[str, Any], message: str
) -> None:
    """Before any worker starts."""
    with pytest.raises(UsageError, match=message):
        BatchPredictor(bundle, **options)


def test_a_missing_bundle_and_columns_are_named(bundle: Path) -> None:
    """And a label that the data have already, with what to do."""
    with pytest.raises(BundleError, match="does not exist"):
        BatchPredictor(bundle.with_name("gone.cv"))
    with pytest.raises(InputError, match="no column photo, only image"):
        BatchPredictor(bundle)({"image": FILES})
    labelled = {"photo": FILES, "label": ["cat"] * COUNT}
    with pytest.raises(UsageError, match=r"a column label already\. Give a `prefix`"):
        BatchPredictor(bundle)(labelled)
    found = BatchPredictor(bundle, prefix="predicted_")(labelled)
    assert list(found)[:2] == ["label", "predicted_label"]


def test_one_output_as_a_function_of_arrays(bundle: Path) -> None:
    """As Dask's arrays call it, with blocks of no rows too."""
    photos = np.random.default_rng(1).uniform(-1, 1, (COUNT, HEIGHT, WIDTH, 3)).astype(np.float32)
    predict = pickle.loads(pickle.dumps(ArrayPredictor(bundle, None)))  # noqa: S301 - our own
    np.testing.assert_array_equal(predict(photos), keras2cv.load(bundle).infer(photos)[0])
    assert predict(photos[:0]).shape == (0, *predict.shape)
    with pytest.raises(UsageError, match="must be one of scores, got 'score'"):
        ArrayPredictor(bundle, "score")
