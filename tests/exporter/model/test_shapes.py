"""Every open dimension gets a size, or the error names the one that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.shapes import resolve_shapes
from keras2cv_export.model.spec import TensorSpec

PHOTO = TensorSpec("photo", (None, None, None, 3), "float32")
AGE = TensorSpec("age", (None, 4), "float32")
FIXED = TensorSpec("fixed", (5, 7, 2), "uint8")


def shapes(
    declared: Sequence[TensorSpec], given: Any, batch: int = 1
) -> list[tuple[int | None, ...]]:
    """Return the resolved shapes."""
    return [spec.shape for spec in resolve_shapes(declared, given, batch)]


def test_the_batch_fills_the_first_dimension() -> None:
    """Where the other dimensions are known, the user need not give them."""
    assert shapes([AGE], None) == [(1, 4)]
    assert shapes([AGE, AGE], None, batch=3) == [(3, 4), (3, 4)]


def test_a_batch_in_the_model_stands() -> None:
    """Input(batch_shape=(5, ...)) has fixed it."""
    assert shapes([FIXED], None, batch=3) == [(5, 7, 2)]


@pytest.mark.parametrize("given", [(2, 9, 11, 3), [2, 9, 11, 3], {"photo": (2, 9, 11, 3)}])
def test_one_input_may_be_given_by_its_shape_alone(given: Any) -> None:
    """As a sequence, or under its name."""
    assert shapes([PHOTO], given) == [(2, 9, 11, 3)]


def test_the_command_line_gives_a_shape_without_a_name_under_an_empty_one() -> None:
    """`--input-shape 2,9,11,3` for a model with one input."""
    assert shapes([PHOTO], {"": (2, 9, 11, 3)}) == [(2, 9, 11, 3)]


def test_of_several_inputs_only_the_open_ones_need_a_shape() -> None:
    """The others keep theirs, with the batch."""
    assert shapes([PHOTO, AGE], {"photo": (1, 9, 11, 3)}) == [(1, 9, 11, 3), (1, 4)]


def test_names_and_dtypes_stay() -> None:
    """Only shapes are resolved."""
    (spec,) = resolve_shapes([FIXED], None, 1)
    assert (spec.name, spec.dtype) == ("fixed", "uint8")


def test_open_dimensions_are_asked_for_by_name() -> None:
    """The message holds the very option to type."""
    with pytest.raises(
        ModelError, match=r"photo \(None, None, None, 3\) float32 has open dim"
    ) as e:
        shapes([PHOTO], None, batch=2)
    assert "--input-shape photo:2,SIZE,SIZE,3 " in str(e.value)


@pytest.mark.parametrize(
    "given",
    [(1, 9, 11), (1, 9, 11, 4), (1, 9, 11, 3, 1), (0, 9, 11, 3), (1, -9, 11, 3), ()],
    ids=str,
)
def test_a_shape_that_does_not_fit_is_refused(given: Sequence[int]) -> None:
    """Another rank, another size where one is fixed, or no size at all."""
    with pytest.raises(ModelError, match="does not fit the input photo"):
        shapes([PHOTO], given)


@pytest.mark.parametrize("given", [(1, 9.5, 11, 3), "1,9,11,3", (1, None, 11, 3), 7], ids=repr)
def test_a_shape_of_anything_but_whole_numbers_is_refused(given: Any) -> None:
    """Nothing is rounded, and text is not taken apart."""
    with pytest.raises(ModelError, match="is not made of whole numbers"):
        shapes([PHOTO], given)


@pytest.mark.parametrize(
    "given", [{"picture": (1, 9, 11, 3)}, {"": (1, 9, 11, 3)}, (1, 9, 11, 3)], ids=str
)
def test_a_shape_for_no_input_is_refused_with_the_names_that_there_are(
    given: Mapping[str, Sequence[int]] | Sequence[int],
) -> None:
    """A typing error is not taken for another input's shape."""
    with pytest.raises(ModelError, match="is no input of this model") as caught:
        shapes([PHOTO, AGE], given)
    assert "photo (None, None, None, 3) float32, age (None, 4) float32" in str(caught.value)


def test_one_given_batch_is_every_inputs() -> None:
    """Three rows for one input mean three for the others as well."""
    assert shapes([AGE, PHOTO, AGE], {"photo": (3, 9, 11, 3)}) == [(3, 4), (3, 9, 11, 3), (3, 4)]
    assert shapes([AGE, FIXED], None) == [(5, 4), (5, 7, 2)]


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ([PHOTO, FIXED], {"photo": (3, 9, 11, 3)}),
        ([AGE, TensorSpec("size", (None, 2), "float32")], {"age": (3, 4), "size": (2, 2)}),
    ],
)
def test_inputs_that_do_not_share_a_batch_are_refused(
    declared: Sequence[TensorSpec], given: Any
) -> None:
    """A bundle has one batch size, and every input's first dimension is that."""
    with pytest.raises(ModelError, match="do not begin with one and the same batch: "):
        shapes(declared, given)


@pytest.mark.parametrize("batch", [0, -1])
def test_a_batch_of_nothing_is_refused(batch: int) -> None:
    """A run has at least one sample."""
    with pytest.raises(ModelError, match=f"The batch is {batch}"):
        shapes([AGE], None, batch=batch)


def test_an_input_that_is_one_number_is_named() -> None:
    """No shape that a user could give makes samples of it."""
    with pytest.raises(ModelError, match=r"threshold is one number.*a fixed value"):
        resolve_shapes([AGE, TensorSpec("threshold", (), "float32")], None, 1)
