"""Samples: drawn ones excite every axis, loaded ones are the user's to the last bit."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.verifying.samples import ValueRange, default_samples, load_samples

PICTURE = TensorSpec("picture", (None, 13, 17, 3), "float32")
AGE = TensorSpec("age", (None, 1), "float32")
WORDS = TensorSpec("words", (None, 9), "int32")

SPECS = [
    TensorSpec("scalar", (None,), "float32"),
    TensorSpec("features", (None, 6), "float32"),
    TensorSpec("sequence", (None, 7, 5), "float32"),
    TensorSpec("gray", (None, 11, 9, 1), "float32"),
    PICTURE,
    TensorSpec("rgba", (None, 8, 12, 4), "float16"),
    TensorSpec("map", (None, 6, 9, 8), "float64"),
    TensorSpec("volume", (None, 5, 6, 7, 2), "float32"),
    TensorSpec("hyper", (None, 3, 4, 5, 6, 2), "float32"),
    TensorSpec("bytes", (None, 10, 14, 3), "uint8"),
    WORDS,
    TensorSpec("flags", (None, 8), "bool"),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_drawn_samples_have_the_inputs_shape_and_dtype(spec: TensorSpec) -> None:
    """Every rank from 0 to 5 beyond the batch, floats, integers and booleans."""
    for (array,) in default_samples([spec], count=3, seed=0):
        assert array.shape == (1, *spec.shape[1:])
        assert array.dtype == np.dtype(spec.dtype)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_drawn_samples_are_distinct(spec: TensorSpec) -> None:
    """No two samples of an input are equal."""
    samples = default_samples([spec], count=5, seed=3)
    assert not any(np.array_equal(a, b) for (a,), (b,) in combinations(samples, 2))


@pytest.mark.parametrize("spec", [s for s in SPECS if len(s.shape) > 2], ids=lambda spec: spec.name)
def test_drawn_samples_change_when_an_axis_is_flipped(spec: TensorSpec) -> None:
    """Along every axis with more than one element, the mirrored input is plainly another one."""
    for (array,) in default_samples([spec], count=3, seed=1):
        values = array.astype(np.float64)
        for axis in (a for a in range(1, array.ndim) if array.shape[a] > 1):
            change = np.abs(values - np.flip(values, axis)).mean()
            assert change > 0.05 * np.ptp(values), (axis, change)


@pytest.mark.parametrize("value_range", [(0, 255), (0, 1), (-1, 1), (-2.5, 7.0)])
def test_pictures_fill_the_range_the_model_expects(value_range: ValueRange) -> None:
    """Each sample reaches both ends of the range and leaves it nowhere."""
    low, high = value_range
    for (array,) in default_samples([PICTURE], count=4, seed=2, value_range=value_range):
        assert array.min() == pytest.approx(low, abs=1e-6)
        assert array.max() == pytest.approx(high, abs=1e-5)


def test_pictures_differ_between_channels_and_in_brightness() -> None:
    """Swapped channels and an ignored input would show: channels differ, and so do the means."""
    samples = default_samples([PICTURE], count=4, seed=0)
    for (array,) in samples:
        for one, two in combinations(range(3), 2):
            assert np.abs(array[..., one] - array[..., two]).mean() > 0.05
    means = sorted(float(array.mean()) for (array,) in samples)
    assert means[-1] - means[0] > 0.15


def test_pictures_are_smooth_with_texture() -> None:
    """Neighbouring pixels are alike, as in a photograph, and not equal, as in a drawing."""
    large = TensorSpec("picture", (None, 97, 131, 3), "float32")
    for (array,) in default_samples([large], count=3, seed=0):
        steps = np.abs(np.diff(array, axis=2))
        assert 0.005 < np.median(steps) < 0.1


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        (TensorSpec("x", (None, 40, 50, 3), "uint8"), 0, 255),
        (TensorSpec("x", (None, 400), "int32"), 0, 9),
        (TensorSpec("x", (None, 30, 40, 3), "float32"), 0.0, 1.0),
        (TensorSpec("x", (None, 400), "float32"), -1.0, 1.0),
    ],
)
def test_without_a_range_the_usual_one_is_filled(spec: TensorSpec, low: float, high: float) -> None:
    """Without a given range, dtype and shape choose it."""
    values = np.concatenate([sample[0].ravel() for sample in default_samples([spec], 3, 0)])
    assert (values.min(), values.max()) == (low, high)


def test_integers_cover_their_vocabulary_and_never_leave_it() -> None:
    """Every token of a small vocabulary is drawn, and none beyond it."""
    words = TensorSpec("words", (None, 200), "int32")
    samples = default_samples([words], 4, 0, value_range={"words": (2, 12)})
    assert set(np.concatenate([s[0].ravel() for s in samples]).tolist()) == set(range(2, 13))


def test_a_vocabulary_of_one_word_is_drawn() -> None:
    """Integers may have a range of one value, as the index into a table of one row has."""
    samples = default_samples([WORDS], 3, 0, value_range={"words": (4, 4)})
    assert all((sample[0] == 4).all() for sample in samples)


def test_single_values_spread_over_their_range() -> None:
    """Scalars take one value in each fourth of the range, for four samples."""
    samples = default_samples([AGE], 4, 0, value_range=(20, 60))
    assert sorted(float(s[0][0, 0]) for s in samples) == [25.0, 35.0, 45.0, 55.0]


@pytest.mark.parametrize("shape", [(2,), (1, 2), (3,), (1, 1, 3)])
def test_a_few_values_are_more_than_the_ends_of_their_range(shape: tuple[int, ...]) -> None:
    """Two values stretched to both ends would be the same two in every sample."""
    spec = TensorSpec("point", (None, *shape), "float32")
    drawn = np.stack([array.ravel() for (array,) in default_samples([spec], count=8, seed=2)])
    assert len(np.unique(drawn.round(4))) == drawn.size
    assert (np.ptp(drawn, axis=0) > 0.4).all()


def test_inputs_of_one_model_are_drawn_independently() -> None:
    """Two inputs of one shape do not get the same values: exchanging them would show."""
    two = [TensorSpec(name, (None, 6, 8, 3), "float32") for name in ("left", "right")]
    for left, right in default_samples(two, 3, 0):
        assert np.abs(left - right).mean() > 0.05


def test_the_rows_of_a_fixed_batch_differ() -> None:
    """A model of batch 3 gets three different rows: row 2 given row 1's answer would show."""
    spec = TensorSpec("picture", (3, 6, 8, 3), "float32")
    for (array,) in default_samples([spec], 2, 0):
        assert array.shape == (3, 6, 8, 3)
        for one, two in combinations(range(3), 2):
            assert np.abs(array[one] - array[two]).mean() > 0.05


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    """Everything random comes from the seed: NumPy's global state is neither read nor changed."""
    state = np.random.get_state()[1].tolist()  # noqa: NPY002 - the state that must be left alone
    one, two, other = (default_samples([PICTURE, WORDS], 3, seed) for seed in (5, 5, 6))
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    for a, b, c in zip(one, two, other, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
        assert not any(np.array_equal(x, y) for x, y in zip(a, c, strict=True))


@pytest.mark.parametrize(
    ("count", "seed", "value_range", "message"),
    [
        (0, 0, None, "count 0"),
        (3, -1, None, "seed -1"),
        (3, 0, {"word": (0, 9)}, "'word', and no input has that name"),
        (3, 0, (1, 1), "value range (1, 1)"),
        (3, 0, (5, 2), "value range (5, 2)"),
        (3, 0, (0, float("inf")), "does not fit"),
        (3, 0, {"words": (0, 2.5)}, "does not fit"),
        (3, 0, {"words": (0, 2**40)}, "does not fit"),
    ],
)
def test_meaningless_requests_are_refused(
    count: int, seed: int, value_range: ValueRange | None, message: str
) -> None:
    """Counts, seeds and ranges are checked before anything is drawn."""
    with pytest.raises(UsageError) as caught:
        default_samples([PICTURE, WORDS], count, seed, value_range=value_range)
    assert message in str(caught.value)


def test_open_dimensions_and_text_cannot_be_drawn() -> None:
    """The error names the input, and the flag or the change that helps."""
    with pytest.raises(InputError, match="--input-shape picture:1,"):
        default_samples([TensorSpec("picture", (None, None, 17, 3), "float32")], 3, 0)
    with pytest.raises(InputError, match="does not hold numbers"):
        default_samples([TensorSpec("text", (None, 1), "string")], 3, 0)


# --- from files ----------------------------------------------------------------------------------


def random_inputs(count: int) -> dict[str, np.ndarray]:
    """Draw `count` samples for PICTURE and WORDS, by name."""
    rng = np.random.default_rng(0)
    return {
        "picture": rng.normal(size=(count, 13, 17, 3)).astype(np.float32),
        "words": rng.integers(0, 99, (count, 9)).astype(np.int32),
    }


def test_named_arrays_are_cut_into_samples(tmp_path: Path) -> None:
    """Each key holds all samples of one input; order in the file does not matter."""
    arrays = random_inputs(5)
    np.savez(tmp_path / "x.npz", words=arrays["words"], picture=arrays["picture"])
    samples = load_samples(tmp_path / "x.npz", [PICTURE, WORDS])
    assert len(samples) == 5
    for i, (picture, words) in enumerate(samples):
        assert np.array_equal(picture, arrays["picture"][i : i + 1])
        assert np.array_equal(words, arrays["words"][i : i + 1])


def test_numbered_arrays_are_read_as_a_self_test_holds_them(tmp_path: Path) -> None:
    """in/<sample>/<input>, past ten samples in the order of the numbers; outputs are left alone."""
    arrays = random_inputs(11)
    keys = {f"in/{i}/0": arrays["picture"][i : i + 1] for i in range(11)}
    keys |= {f"in/{i}/1": arrays["words"][i : i + 1] for i in range(11)}
    np.savez(tmp_path / "x.npz", **keys, **{"out/0/0": np.zeros(2), "tolerance/0": np.array(1e-4)})
    samples = load_samples(tmp_path / "x.npz", [PICTURE, WORDS])
    assert np.array_equal(np.concatenate([s[0] for s in samples]), arrays["picture"])
    assert np.array_equal(np.concatenate([s[1] for s in samples]), arrays["words"])


def test_npy_is_read_for_a_model_of_one_input(tmp_path: Path) -> None:
    """A plain array is the only input's."""
    words = random_inputs(4)["words"]
    np.save(tmp_path / "x.npy", words)
    samples = load_samples(tmp_path / "x.npy", [WORDS])
    assert np.array_equal(np.concatenate([s[0] for s in samples]), words)


def test_a_fixed_batch_takes_its_rows_together(tmp_path: Path) -> None:
    """A model of batch 2 gets samples of two rows, and no incomplete one."""
    words, spec = random_inputs(4)["words"], TensorSpec("words", (2, 9), "int32")
    np.save(tmp_path / "x.npy", words)
    first, second = load_samples(tmp_path / "x.npy", [spec])
    assert np.array_equal(np.concatenate([first[0], second[0]]), words)
    np.save(tmp_path / "odd.npy", words[:3])
    with pytest.raises(InputError, match="a multiple of 2"):
        load_samples(tmp_path / "odd.npy", [spec])


@pytest.mark.parametrize(
    ("saved", "wanted"),
    [("uint8", "float32"), ("float64", "float32"), ("int64", "int32"), ("bool", "float32")],
)
def test_dtypes_that_hold_the_values_are_taken(tmp_path: Path, saved: str, wanted: str) -> None:
    """Values are kept; only the dtype becomes the input's."""
    values = np.arange(27).reshape(3, 9).astype(saved)
    np.save(tmp_path / "x.npy", values)
    samples = load_samples(tmp_path / "x.npy", [TensorSpec("words", (None, 9), wanted)])
    read = np.concatenate([s[0] for s in samples])
    assert read.dtype == np.dtype(wanted)
    assert np.array_equal(read, values)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.full((3, 9), 0.5), "int32"),
        (np.full((3, 9), 2**40), "int32"),
        (np.full((3, 9), -1), "uint8"),
        (np.full((3, 9), 2), "bool"),
        (np.full((3, 9), np.nan), "float32"),
        (np.full((3, 9), np.inf), "float32"),
        (np.full((3, 9), 1e60), "float32"),
        (np.full((3, 9), "cat"), "float32"),
    ],
)
def test_values_that_the_input_cannot_hold_are_refused(
    tmp_path: Path, values: np.ndarray, wanted: str
) -> None:
    """Nothing is rounded to integers, wrapped around or taken as NaN."""
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(InputError, match="cannot take"):
        load_samples(tmp_path / "x.npy", [TensorSpec("words", (None, 9), wanted)])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"picture": np.zeros((2, 13, 17, 3))}, "are called 'picture'"),
        ({}, "are called nothing"),
        ({**random_inputs(2), "mask": np.zeros(2)}, "'mask'"),
        ({**random_inputs(2), "words": np.zeros((3, 9), np.int32)}, "different numbers of samples"),
        ({**random_inputs(2), "words": np.zeros((0, 9), np.int32)}, "shape (0, 9)"),
        ({**random_inputs(2), "words": np.zeros((), np.int32)}, "shape ()"),
        ({**random_inputs(2), "picture": np.zeros((2, 3, 13, 17))}, "shape (1, 3, 13, 17)"),
        ({**random_inputs(2), "picture": np.zeros((2, 13, 17))}, "channels last"),
        ({"in/0/0": np.zeros((1, 13, 17, 3))}, "in/0/1 is missing"),
        (
            {f"in/{i}/{k}": a[:1] for i in (0, 2) for k, a in enumerate(random_inputs(1).values())},
            "in/1/0 is missing",
        ),
        ({f"in/0/{k}": np.zeros((1, 2)) for k in range(3)}, "in/0/2 is too many"),
    ],
)
def test_arrays_that_do_not_fit_the_model_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    """The error describes the file's arrays and the model's inputs."""
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError) as caught:
        load_samples(tmp_path / "x.npz", [PICTURE, WORDS])
    assert message in str(caught.value)


def write_pictures(folder: Path, *names: str) -> None:
    """Write files that stand for pictures: the preprocessing reads their sizes."""
    folder.mkdir(exist_ok=True)
    for size, name in enumerate(names):
        (folder / name).write_bytes(b"x" * (size + 1))


def preprocess(path: Path) -> np.ndarray:
    """Stand for a bundle's preprocessing: a picture full of the file's size."""
    return np.full((1, 13, 17, 3), path.stat().st_size, np.float32)


def test_pictures_go_through_the_preprocessing(tmp_path: Path) -> None:
    """A folder gives its pictures in natural order, other files aside; one picture gives one."""
    write_pictures(tmp_path / "p", "img10.PNG", "img2.jpg", "notes.txt")
    samples = load_samples(tmp_path / "p", [PICTURE], preprocess=preprocess)
    assert [float(s[0][0, 0, 0, 0]) for s in samples] == [2.0, 1.0]
    (only,) = load_samples(tmp_path / "p" / "img2.jpg", [PICTURE], preprocess=preprocess)
    assert float(only[0].mean()) == 2.0


def test_preprocessing_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    """The preprocessing must make the model's input."""
    write_pictures(tmp_path / "p", "a.png")
    with pytest.raises(InputError, match=r"a\.png"):
        load_samples(tmp_path / "p", [WORDS], preprocess=preprocess)


def test_pictures_need_one_input_and_a_preprocessing(tmp_path: Path) -> None:
    """Nothing is guessed about how pictures become inputs."""
    write_pictures(tmp_path / "p", "a.png")
    with pytest.raises(InputError, match=r"no preprocessing.*--preprocess"):
        load_samples(tmp_path / "p", [PICTURE])
    with pytest.raises(InputError, match="2 inputs"):
        load_samples(tmp_path / "p", [PICTURE, AGE], preprocess=preprocess)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.npz", None, "There are no samples at"),
        ("text.npy", b"not an array", "cannot be read"),
        ("text.npz", b"not an archive", "cannot be read"),
        ("cut.npz", b"PK\x03\x04cut short", "cannot be read"),
        ("empty.npy", b"", "cannot be read"),
        ("clip.mp4", b"film", "from the video"),
    ],
)
def test_unreadable_files_are_refused(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """One sentence on the fault of the file, and one of advice."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_samples(tmp_path / name, [WORDS])
    assert message in str(caught.value)


def test_pickled_objects_are_never_run(tmp_path: Path) -> None:
    """Arrays of Python objects are refused: reading them could run code."""
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="without Python objects"):
        load_samples(tmp_path / "x.npy", [WORDS])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without pictures is no empty list of samples."""
    with pytest.raises(InputError, match="holds no image"):
        load_samples(tmp_path, [PICTURE], preprocess=preprocess)
