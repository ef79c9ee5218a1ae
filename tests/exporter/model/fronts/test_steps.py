"""Every layer before the net against Keras itself: unseen words, odd text, numbers, NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tf_keras

from keras2cv.errors import ModelError
from keras2cv_export.model.fronts.cutting import cut_of
from keras2cv_export.model.fronts.drawing import drawn_values
from keras2cv_export.model.spec import TensorSpec

KERAS: dict[str, Any] = {"Keras 3": keras, "Keras 2": tf_keras}
WORDS = ["the", "cat", "it's", "\u00e9cole", "a b", "100%", "x\ty", "t", "e", " "]
Build = Callable[[Any], Any]


def text(library: Any, layer: Any, shape: tuple[Any, ...] = (1,)) -> Any:
    """Return a model of a layer that reads text, with a layer behind it that is no part of it."""
    given = library.Input(shape, dtype="string", name="text")
    return library.Model(given, library.layers.Activation("linear")(layer(given)))


LAYERS: dict[str, Build] = {
    "lookup": lambda k: text(k, k.layers.StringLookup(vocabulary=WORDS), (4,)),
    "lookup, mask": lambda k: text(
        k, k.layers.StringLookup(vocabulary=WORDS, mask_token="", num_oov_indices=3), (4,)
    ),
    "lookup, one hot": lambda k: text(
        k, k.layers.StringLookup(vocabulary=WORDS, output_mode="one_hot", num_oov_indices=2)
    ),
    "lookup, one hot, no axis": lambda k: text(
        k, k.layers.StringLookup(vocabulary=WORDS, output_mode="one_hot"), ()
    ),
    "lookup, multi hot": lambda k: text(
        k, k.layers.StringLookup(
            vocabulary=WORDS, output_mode="multi_hot", mask_token=""), (5,)
    ),
    "lookup, count, padded": lambda k: text(
        k, k.layers.StringLookup(vocabulary=WORDS, output_mode="count", max_tokens=20,
                                 pad_to_max_tokens=True), (6,)
    ),
    "lookup, tf-idf": lambda k: text(
        k, k.layers.StringLookup(vocabulary=WORDS, output_mode="tf_idf",
                                 idf_weights=[0.1 * n + 0.3 for n in range(10)]), (6,)
    ),
    "words": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=WORDS, output_sequence_length=7)
    ),
    "words of lower case": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=WORDS, standardize="lower", output_mode="count")
    ),
    "words without punctuation": lambda k: text(
        k, k.layers.TextVectorization(
            vocabulary=WORDS, standardize="strip_punctuation", output_mode="multi_hot")
    ),
    "words as they are": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=WORDS, standardize=None, output_sequence_length=9)
    ),
    "characters": lambda k: text(
        k, k.layers.TextVectorization(
            vocabulary=WORDS, split="character", output_sequence_length=12)
    ),
    "whole texts": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=WORDS, split=None, output_mode="multi_hot")
    ),
    "whole texts, numbers": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=WORDS, split=None, output_sequence_length=3)
    ),
    "n-grams up to 2": lambda k: text(
        k, k.layers.TextVectorization(vocabulary=[*WORDS, "the cat"], ngrams=2, output_mode="count")
    ),
    "n-grams of 3 and 1": lambda k: text(
        k, k.layers.TextVectorization(
            vocabulary=[*WORDS, "the cat the"], ngrams=(3, 1), output_sequence_length=20)
    ),
    "tf-idf of words": lambda k: text(
        k, k.layers.TextVectorization(
            vocabulary=WORDS, output_mode="tf_idf", idf_weights=[1 / (n + 1) for n in range(10)])
    ),
    "hashed": lambda k: text(k, k.layers.Hashing(11), (3,)),
    "hashed with salt and mask": lambda k: text(
        k, k.layers.Hashing(7, salt=[133, 137], mask_value="", output_mode="multi_hot"), (3,)
    ),
    "hashed, one hot": lambda k: text(k, k.layers.Hashing(5, output_mode="one_hot", salt=9)),
}  # fmt: skip


def cut(model: Any, *dtypes: str) -> Any:
    """Return the cut, which compares 240 rows with Keras on its way."""
    symbols = model.inputs
    declared = [
        TensorSpec(f"in{k}", tuple(t.shape), dtype)
        for k, (t, dtype) in enumerate(zip(symbols, dtypes, strict=True))
    ]
    return cut_of(model, declared, symbols)


@pytest.mark.parametrize("library", KERAS)
@pytest.mark.parametrize("name", LAYERS)
def test_text_becomes_the_numbers_of_keras(name: str, library: str) -> None:
    """Exactly, on words that are known and not, on Unicode, punctuation, empty and long text."""
    found = cut(LAYERS[name](KERAS[library]), "string")
    values = drawn_values(found.front.record, 60, 7, odd=True)
    (ours,) = found.front.by_numpy(values).values()
    (theirs,) = found.front.by_keras(values).values()
    np.testing.assert_array_equal(ours, theirs)
    assert len(np.unique(ours, axis=0)) > 2


def table(k: Any) -> Any:
    """Return a model of crossed text, bins and whole numbers, where each is read twice."""
    age = k.Input((1,), name="age")
    job = k.Input((1,), dtype="string", name="job")
    code = k.Input((1,), dtype="int64", name="code")
    bins = k.layers.Discretization([20.0, 40.5, 60.0])(age)
    jobs = k.layers.StringLookup(vocabulary=["a", "b"])(job)
    codes = k.layers.IntegerLookup(vocabulary=[7, 2**40, -3], num_oov_indices=3)(code)
    crossed = [
        k.layers.HashedCrossing(13)((bins, jobs)),
        k.layers.HashedCrossing(10, output_mode="one_hot")((job, codes)),
        k.layers.Hashing(9, mask_value=7)(code),
        k.layers.Hashing(6)(age) if k is keras else k.layers.Hashing(6, salt=3)(job),
    ]
    cast = [k.layers.Rescaling(1.0)(x) for x in (age, *crossed, bins)]
    return k.Model([age, job, code], k.layers.Concatenate()(cast))


@pytest.mark.parametrize("library", KERAS)
def test_tables_become_the_numbers_of_keras(library: str) -> None:
    """NaN and infinite ages, negative and huge codes; what the net reads itself stays its input."""
    found = cut(table(KERAS[library]), "float32", "string", "int64")
    assert "in0" in found.tensors
    assert len(found.tensors) == 6


def own_function(k: Any) -> Any:
    """Return text that a function of the user's makes plain."""
    return text(
        k,
        k.layers.TextVectorization(
            vocabulary=WORDS, standardize=lambda texts: texts, output_mode="count"
        ),
    )


REFUSED: dict[str, tuple[Build, str]] = {
    "a function": (own_function, "has a function of its own as standardize"),
    "any length": (
        lambda k: text(k, k.layers.TextVectorization(vocabulary=WORDS)),
        "has no output_sequence_length",
    ),
    "ragged": (
        lambda k: text(k, k.layers.TextVectorization(vocabulary=WORDS, ragged=True)),
        "gives ragged tensors",
    ),
    "sparse": (
        lambda k: text(
            k, k.layers.StringLookup(vocabulary=WORDS, output_mode="count", sparse=True)
        ),
        "gives sparse tensors",
    ),
    "a huge salt": (lambda k: text(k, k.layers.Hashing(5, salt=2**40)), "has a salt beyond"),
    "half a mask": (
        lambda k: k.Model(
            x := k.Input((1,)), k.layers.Rescaling(1.0)(k.layers.Hashing(5, mask_value=0.5)(x))
        ),
        "masks 0.5",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_step_does_is_refused_by_name(name: str) -> None:
    """The layer is named, and what it does."""
    build, words = REFUSED[name]
    model = build(keras)
    with pytest.raises(ModelError, match=words):
        cut(model, str(getattr(model.inputs[0].dtype, "name", model.inputs[0].dtype)))


def test_an_output_of_the_front_alone_is_refused() -> None:
    """There is no net behind it."""
    given = keras.Input((1,), dtype="string", name="text")
    looked_up = keras.layers.StringLookup(vocabulary=WORDS, name="codes")(given)
    with pytest.raises(ModelError, match="The output codes is made by the layers that read text"):
        cut(keras.Model(given, looked_up), "string")
