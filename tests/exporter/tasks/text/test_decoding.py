"""Both decoders against `keras.ops.ctc_decode`, on the same logits."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from keras2cv.tasks.text import ctc

Array = np.ndarray[Any, Any]


def lines(seed: int) -> tuple[Array, int]:
    """Return logits (N, T, classes) of random sizes, sharp or flat, and the blank."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 30)), int(rng.integers(2, 15)))
    blank = int(rng.integers(shape[2]))
    logits = rng.normal(size=shape) * rng.choice([0.3, 1, 3, 10])
    if seed % 3 == 0:  # as models that were trained: mostly blank
        logits[..., blank] += 3
    if seed % 4 == 0:  # a class for several steps
        logits = np.repeat(logits, 2, axis=1)
        logits += rng.normal(size=logits.shape) * 0.01  # or texts would be equally probable
    return logits.astype(np.float32), blank


def decoded(logits: Array, blank: int, **options: Any) -> tuple[list[list[Any]], Array]:
    """Return Keras' classes [path][sample], and its scores."""
    lengths = np.full(len(logits), logits.shape[1])
    found, scores = keras.ops.ctc_decode(logits, lengths, mask_index=blank, **options)
    texts = [[tuple(row[row >= 0].tolist()) for row in path] for path in np.array(found)]
    return texts, np.array(scores)


@pytest.mark.parametrize("seed", range(40))
def test_greedy_decoding_is_kerass(seed: int) -> None:
    """The same classes; the score is exp of minus Keras', of log-probabilities."""
    logits, blank = lines(seed)
    rows = np.stack([ctc.log_softmax(sample) for sample in logits])
    texts, _ = decoded(logits, blank)
    assert [ctc.best_path(sample, blank) for sample in logits] == texts[0]
    _, scores = decoded(rows.astype(np.float32), blank)
    np.testing.assert_allclose(rows.max(axis=2).sum(axis=1), -scores[:, 0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("width", [1, 2, 7, 100])
def test_a_beam_is_kerass(seed: int, width: int) -> None:
    """The same texts in the same order, with the same log-probabilities in float32."""
    logits, blank = lines(seed)
    steps, classes = logits.shape[1:]
    paths = min(width, 3) if steps > 2 and classes > 2 else 1
    texts, scores = decoded(
        logits, blank, strategy="beam_search", beam_width=width, top_paths=paths
    )
    for n, sample in enumerate(logits):
        found = ctc.beam_search(ctc.log_softmax(sample), blank, width, paths)
        assert [classes for classes, _ in found] == [path[n] for path in texts]
        np.testing.assert_allclose([score for _, score in found], scores[n], rtol=1e-5, atol=3e-5)


def test_of_equal_logits_the_first_class_is_read() -> None:
    """As TensorFlow's greedy decoder has it; ties are common where outputs are saturated."""
    logits = np.float32([[[1, 1, 0], [0, 2, 2], [3, 0, 3]]])
    texts, _ = decoded(logits, 2)
    assert [ctc.best_path(logits[0], 2)] == texts[0] == [(0, 1, 0)]


def test_nothing_but_blanks_is_no_text() -> None:
    """For both decoders, whichever class the blank is."""
    for blank in range(3):
        logits = np.zeros((1, 6, 3), np.float32)
        logits[..., blank] = 9
        assert decoded(logits, blank)[0] == [[()]]
        assert ctc.best_path(logits[0], blank) == ()
        assert ctc.beam_search(ctc.log_softmax(logits[0]), blank, 9, 1)[0][0] == ()


@pytest.mark.parametrize("decode", ["greedy", "beam_search"])
def test_probabilities_are_read_as_keras_does(decode: str) -> None:
    """log(p + epsilon), as Keras' OCR example has it before `ctc_decode`."""
    rng = np.random.default_rng(8)
    probabilities = rng.dirichlet(np.full(8, 0.1), size=(6, 20)).astype(np.float32)
    logits = np.log(probabilities + np.float32(keras.config.epsilon()))
    texts, _ = decoded(logits, 7, strategy=decode)
    for n, sample in enumerate(probabilities):
        ours = ctc.logits_of(sample, are_probabilities=True)
        np.testing.assert_array_equal(ours, logits[n])
        rows = ctc.log_softmax(ours)
        found = (
            ctc.best_path(ours, 7) if decode == "greedy" else ctc.beam_search(rows, 7, 100, 1)[0][0]
        )
        assert found == texts[0][n]
