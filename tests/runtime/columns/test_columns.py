"""A predictor called with columns: what passes through, what is a row, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import keras2cv
from keras2cv.errors import InputError, MissingDependency, UsageError
from support.drawn_image import draw_image
from support.played_frame import Frame
from support.tiny_bundle import CLASSES, HEIGHT, WIDTH, Classifier

Array = NDArray[Any]
COUNT = 5
RNG = np.random.default_rng(5)
PHOTOS = RNG.uniform(-1, 1, (COUNT, HEIGHT, WIDTH, 3)).astype(np.float32)
IMAGES = [draw_image(40 + 7 * k, 31, k) for k in range(COUNT)]
FILES = [cv2.imencode(".png", image)[1].tobytes() for image in IMAGES]


def column(rows: Any) -> Array:
    """Return rows as a column of objects."""
    found = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        found[index] = row
    return found


@pytest.fixture(params=[1, 2])
def model(tmp_path: Path, request: pytest.FixtureRequest) -> keras2cv.Predictor:
    """The classifier, of a batch that the rows fill or not."""
    return keras2cv.load(Classifier(request.param).write(tmp_path / "cat.cv"))


ROWS = {
    "an array": PHOTOS,
    "float64": PHOTOS.astype(np.float64),
    "flat rows": PHOTOS.reshape(COUNT, -1),
    "arrays in objects": column(PHOTOS),
    "flat rows in objects": column([photo.ravel() for photo in PHOTOS]),
    "nested objects": column([column([column(row) for row in photo]) for photo in PHOTOS]),
    "a list of arrays": list(PHOTOS),
    "nested lists": PHOTOS.tolist(),
    "flat and not": [PHOTOS[0].ravel(), *PHOTOS[1:]],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_every_form_of_a_column_gives_the_same(model: keras2cv.Predictor, rows: Any) -> None:
    """As `infer` answers; ids pass through as they are, and the input is gone."""
    ids, names = np.arange(COUNT), [f"row {k}" for k in range(COUNT)]
    found = model({"id": ids, "photo": rows, "name": names})
    assert list(found) == ["id", "name", "scores"]
    np.testing.assert_array_equal(found["scores"], model.infer(PHOTOS)[0])
    assert found["id"] is ids
    assert found["name"] is names


ENCODED = {
    "bytes": FILES,
    "objects": column(FILES),
    "NumPy's bytes": np.array(FILES),
    "memory": [memoryview(file) for file in FILES],
    "void": [np.void(file) for file in FILES],
    "dicts": [{"bytes": file, "path": None} for file in FILES],
}


@pytest.mark.parametrize("rows", ENCODED.values(), ids=ENCODED)
def test_bytes_of_images_are_decoded_and_prepared(model: keras2cv.Predictor, rows: Any) -> None:
    """As `predict` prepares them: the outputs are those of each image alone."""
    found = model({"photo": rows, "id": np.arange(COUNT)})["scores"]
    expected = np.concatenate([model.run_image(image)[1][0] for image in IMAGES])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("form", [str, Path], ids=["text", "Path"])
def test_paths_are_read(model: keras2cv.Predictor, tmp_path: Path, form: Any) -> None:
    """As text, and as a Path."""
    paths = [tmp_path / f"{k}.png" for k in range(COUNT)]
    for path, file in zip(paths, FILES, strict=True):
        path.write_bytes(file)
    found = model({"photo": [form(path) for path in paths]})["scores"]
    np.testing.assert_array_equal(found, model({"photo": FILES})["scores"])


def test_zeros_at_the_end_of_a_file_are_no_matter(model: keras2cv.Predictor) -> None:
    """NumPy's bytes are cut there; a .bmp may end with black pixels."""
    black = np.zeros((20, 30, 3), np.uint8)
    files = [cv2.imencode(".bmp", image)[1].tobytes() for image in (black, IMAGES[0])]
    assert files[0].endswith(b"\0")
    expected = model({"photo": files})["scores"]
    np.testing.assert_array_equal(model({"photo": np.array(files)})["scores"], expected)


NO_ROWS = {
    "of the shape": PHOTOS[:0],
    "flat": PHOTOS.reshape(COUNT, -1)[:0],
    "objects": column([]),
    "a list": [],
    "of no shape": np.zeros(0, np.float32),
    "bytes": np.array([], "S1"),
}


@pytest.mark.parametrize("rows", NO_ROWS.values(), ids=NO_ROWS)
def test_no_rows_give_no_rows(model: keras2cv.Predictor, rows: Any) -> None:
    """With the shape and dtype that the outputs of others have, so that they can be joined."""
    found = model({"photo": rows, "id": []})
    assert found["id"] == []
    assert (found["scores"].shape, found["scores"].dtype) == ((0, CLASSES), np.float32)


@pytest.mark.parametrize("rows", [PHOTOS, FILES], ids=["arrays", "bytes"])
def test_a_data_frame_gives_one_of_the_same_index(model: keras2cv.Predictor, rows: Any) -> None:
    """Whoever made it: it only has pandas' interface. A row of an output is an array."""
    frame = Frame({"id": list("abcde"), "photo": column(rows)}, index=range(7, 12))
    found = model(frame)
    assert isinstance(found, Frame)
    assert (list(found.columns), list(found.index)) == (["id", "scores"], list(range(7, 12)))
    expected = model({"photo": rows})["scores"]
    np.testing.assert_array_equal(np.stack(list(found["scores"])), expected)


REFUSED = {
    "no column": ({"id": [1]}, "no column photo, only id. Name the columns"),
    "nothing at all": ({}, "no column photo, only none at all"),
    "lengths": ({"photo": PHOTOS, "id": [1]}, "same number of rows, got photo 5, id 1"),
    "no batch": ([PHOTOS], "must be columns by name, got list"),
    "a number": ({"photo": 3}, "photo must hold a value per row, got int"),
    "missing": ({"photo": [PHOTOS[0], None]}, "Row 1: there is no value for the input photo"),
    "NaN": ({"photo": [PHOTOS[0], np.nan]}, "Row 1: there is no value for the input photo"),
    "another shape": ({"photo": [PHOTOS[0], PHOTOS[0, 1:]]}, r"Row 1: .* got \(8, 12, 3\)"),
    "channels first": ({"photo": column(PHOTOS.swapaxes(1, 3))}, r"Row 0: .*got \(3, 12, 9\)"),
    "ragged": ({"photo": [[[1, 2], [3]], PHOTOS[0]]}, "Row 0: .* numbers of one shape, got list"),
    "words": ({"photo": [PHOTOS[0], "cat"]}, "Row 1: .* numbers of one shape, got str"),
    "no image": ({"photo": [FILES[0], b"GIF8"]}, "Row 1: .*cannot decode the image of 4 bytes"),
    "empty": ({"photo": [FILES[0], b""]}, "Row 1: the image of 0 bytes is empty"),
    "no file": ({"photo": ["gone.png"]}, "Row 0: gone.png cannot be read: No such file"),
    "both": ({"photo": [FILES[0], PHOTOS[0]]}, "Row 1: an image must be the bytes .* got ndarray"),
}


@pytest.mark.parametrize(("batch", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_batch_is_refused_with_its_row(
    model: keras2cv.Predictor, batch: Any, message: str
) -> None:
    """One sentence of what, and one of what to do."""
    with pytest.raises(InputError, match=message):
        model(batch)


def test_a_column_that_passes_is_never_replaced(model: keras2cv.Predictor) -> None:
    """By an output of the same name."""
    with pytest.raises(UsageError, match="has a column scores already"):
        model({"photo": PHOTOS, "scores": np.arange(COUNT)})


def test_an_address_needs_fsspec(
    model: keras2cv.Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is missing, it is named; an address that cannot be read is a bad row."""
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingDependency, match=r"s3://bucket/cat.jpg needs fsspec.*pip install"):
        model({"photo": ["s3://bucket/cat.jpg"]})


def test_an_address_is_opened_by_fsspec(
    model: keras2cv.Predictor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its storages are its own matter; here a module that opens files plays it."""
    (tmp_path / "cat.png").write_bytes(FILES[0])

    class Storage:
        """Plays fsspec."""

        @staticmethod
        def open(address: str, mode: str) -> Any:
            return (tmp_path / address.removeprefix("s3://bucket/")).open(mode)

    monkeypatch.setitem(__import__("sys").modules, "fsspec", Storage)
    found = model({"photo": ["s3://bucket/cat.png"]})["scores"]
    np.testing.assert_array_equal(found, model({"photo": FILES[:1]})["scores"])
    with pytest.raises(InputError, match=r"Row 0: s3://bucket/dog\.png cannot be read: .*Check"):
        model({"photo": ["s3://bucket/dog.png"]})


def test_bytes_of_the_same_length_are_pictures() -> None:
    """NumPy reads bytearrays in a list as rows of numbers."""
    from keras2cv.columns.pictures import encoded_rows

    for kind in (bytes, bytearray, memoryview):
        rows = encoded_rows([kind(FILES[0]), None, kind(FILES[0])])
        assert rows is not None
        assert [row is not None and bytes(row) == FILES[0] for row in rows] == [True, False, True]
        alone = encoded_rows([kind(FILES[0])])
        assert alone is not None
        assert bytes(alone[0]) == FILES[0]
