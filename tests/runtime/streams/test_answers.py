"""The middle of `run`: answers in order, batches as asked, and trouble that stays where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import InputError, NetError, UsageError
from keras2cv.preparing.prepared import Prepared
from keras2cv.streams.answers import Answer, predict_items
from keras2cv.streams.frames import BrokenSource, Frame, Item, Sample
from support.tiny_bundle import HEIGHT, WIDTH, Classifier


class Counting:
    """A predictor that answers an image with its number, and notes how many came at a time."""

    def __init__(self, refused: Sequence[int] = ()) -> None:
        self.refused = refused
        self.batches: list[int] = []

    def prepare(self, images: list[np.ndarray]) -> Prepared:
        """Return the images' numbers, unless one of them is refused."""
        self.batches.append(len(images))
        numbers = [int(image[0, 0, 0]) for image in images]
        if any(number in self.refused for number in numbers):
            raise InputError("An image must have sides of 1 to 32767 pixels.")
        return Prepared((np.array(numbers),), ())

    def complete(self, prepared: Prepared) -> list[int]:
        """Return the numbers."""
        return [int(number) for number in prepared.blobs[0]]


def frame(number: int) -> Frame:
    """Return a frame that holds its number."""
    return Frame(f"frame {number}", np.full((4, 5, 3), number, np.uint8))


def answers(model: Any, items: Sequence[Item], batch: int = 1) -> list[Answer]:
    """Return all answers."""
    return list(predict_items(model, items, batch))


@pytest.mark.parametrize(("batch", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (9, [7])])
def test_frames_go_in_batches(batch: int, sizes: list[int]) -> None:
    """As many at a time as asked, the rest at the end, each answer with its own frame."""
    model = Counting()
    frames = [frame(n) for n in range(7)]
    found = answers(model, frames, batch)
    assert model.batches == sizes
    assert [answer.result for answer in found] == list(range(7))
    assert all(answer.frame is f for answer, f in zip(found, frames, strict=True))
    assert [answer.name for answer in found] == [f.name for f in frames]


def test_a_broken_source_keeps_its_place() -> None:
    """Waiting frames are answered before it, and the reason is passed on."""
    items = [frame(0), frame(1), BrokenSource("bad.jpg", "bad.jpg is empty."), frame(2)]
    found = answers(Counting(), items, batch=5)
    assert [answer.name for answer in found] == ["frame 0", "frame 1", "bad.jpg", "frame 2"]
    assert found[2].result is None
    assert found[2].problem == "bad.jpg is empty."


def test_an_image_that_is_refused_costs_only_itself() -> None:
    """The others of its batch get their answers, and it is found by going one by one."""
    found = answers(Counting(refused=[2]), [frame(n) for n in range(4)], batch=4)
    assert [answer.result for answer in found] == [0, 1, None, 3]
    assert found[2].problem == "frame 2: An image must have sides of 1 to 32767 pixels."


@pytest.mark.parametrize("error", [UsageError("two inputs"), NetError("OpenCV failed")])
def test_what_is_wrong_with_the_model_ends_it(error: Exception) -> None:
    """Only an input's own trouble is set aside: the model's would come again for each."""

    class Failing(Counting):
        def complete(self, _: object) -> list[int]:
            raise error

    with pytest.raises(type(error)):
        answers(Failing(), [frame(0), frame(1)])


def test_frames_are_not_read_ahead_of_their_batch() -> None:
    """A camera's frame is answered when its batch is full, not when the camera ends."""
    taken: list[int] = []

    def camera() -> Iterator[Frame]:
        for number in range(100):
            taken.append(number)
            yield frame(number)

    reader = predict_items(Counting(), camera(), 2)  # type: ignore[arg-type]
    next(reader)
    assert taken == [0, 1]


def test_samples_are_split_by_their_batch_dimension(tmp_path: Path) -> None:
    """A sample without a batch dimension is one answer; with one, an answer per row."""
    model = keras2cv.load(Classifier(batch=2).write(tmp_path / "two.cv"))
    arrays = np.random.default_rng(2).normal(size=(3, HEIGHT, WIDTH, 3)).astype(np.float32)
    one = Sample("one.npy", {"arr_0": arrays[1]})
    three = Sample("three.npz", {"photo": arrays})
    found = answers(model, [one, three])
    assert [answer.name for answer in found] == [
        "one.npy",
        *(f"three.npz:{n:06d}" for n in range(3)),
    ]
    assert all(answer.frame is None for answer in found)
    scores = [answer.result.to_dict()["scores"] for answer in found if answer.result]
    np.testing.assert_allclose(scores[0], scores[2], rtol=1e-6)
    assert np.abs(np.subtract(scores[1], scores[2])).max() > 1e-3


def test_arrays_that_do_not_fit_are_set_aside(tmp_path: Path) -> None:
    """Names and shapes that the model does not know are problems with the file's name."""
    model = keras2cv.load(Classifier().write(tmp_path / "one.cv"))
    wrong = Sample("x.npz", {"picture": np.zeros((1, HEIGHT, WIDTH, 3), np.float32)})
    found = answers(model, [wrong, frame(3)])
    assert found[0].problem.startswith("x.npz: The model's inputs are ['photo'], got ['picture']")
    assert found[1].result is not None
