"""Fourier transforms as matrices, and complex numbers as pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, random

SPECTRA: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "rfft": (lambda x: tf.abs(tf.signal.rfft(x)), (2, 15)),
    "rfft of a longer signal": (lambda x: tf.math.real(tf.signal.rfft(x, [8])), (2, 15)),
    "rfft of a shorter signal": (lambda x: tf.math.imag(tf.signal.rfft(x, [20])), (2, 15)),
    "rfft of one signal": (lambda x: tf.math.real(tf.signal.rfft(x)), (16,)),
    "phase": (lambda x: tf.math.angle(tf.signal.rfft(x))[:, 1:4], (2, 9)),
    "fft": (lambda x: tf.math.imag(tf.signal.fft(tf.cast(x, tf.complex64))), (3, 7)),
    "there and back": (lambda x: tf.signal.irfft(tf.signal.rfft(x) * 2, [12]), (2, 12)),
    "there and back, odd": (lambda x: tf.signal.irfft(tf.signal.rfft(x), [9]), (2, 9)),
    "ifft": (
        lambda x: tf.math.real(tf.signal.ifft(tf.signal.fft(tf.cast(x, tf.complex64)))), (2, 6)),
    "fft2d": (lambda x: tf.math.real(tf.signal.fft2d(tf.cast(x, tf.complex64))), (2, 5, 6)),
    "ifft2d": (lambda x: tf.math.imag(tf.signal.ifft2d(tf.cast(x, tf.complex64))), (2, 5, 6)),
    "rfft2d": (lambda x: tf.math.real(tf.signal.rfft2d(x)), (2, 5, 6)),
    "rfft2d of another size": (lambda x: tf.abs(tf.signal.rfft2d(x, [4, 9])), (2, 5, 6)),
    "dct": (tf.signal.dct, (2, 10)),
    "stft": (lambda x: tf.abs(tf.signal.stft(x, 16, 5)), (2, 61)),
    "conjugate product": (
        lambda x: tf.math.real(tf.signal.rfft(x) * tf.math.conj(tf.signal.rfft(x[:, ::-1]))),
        (2, 9)),
    "parts apart": (
        lambda x: tf.math.real(tf.concat([-tf.signal.rfft(x), tf.signal.rfft(x * 2)], 1)), (2, 9)),
    "parts put together": (
        lambda x: tf.abs(tf.transpose(tf.complex(x, x * 0.5)) + tf.constant(1 - 2j, tf.complex64)),
        (3, 4)),
    "squared": (lambda x: tf.math.imag(tf.square(tf.signal.rfft(x))), (2, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECTRA)
def test_a_spectrum(name: str) -> None:
    """No complex number and no transform is left in the graph."""
    function, shape = SPECTRA[name]
    traced = flat(function, random(*shape))
    traced.assert_same(limit=3e-6)
    assert not {op for op in traced.ops if "FFT" in op or op in ("Complex", "Real", "Imag")}


def test_long_transforms_are_refused() -> None:
    """A matrix of cosines for 4096 samples would be larger than most models."""
    with pytest.raises(UnsupportedError, match="transform of 4096 numbers"):
        flat(lambda x: tf.abs(tf.signal.rfft(x)), random(1, 4096))


def test_other_arithmetic_on_complex_numbers_is_refused() -> None:
    """The error names the op that has no rule for pairs."""
    with pytest.raises(UnsupportedError, match=r"Tanh.*works on complex numbers"):
        flat(lambda x: tf.abs(tf.tanh(tf.signal.rfft(x))), random(1, 8))


def test_cosines_are_exact_far_out() -> None:
    """The angle of sample 2047 and frequency 1023 is reduced before its cosine is taken."""
    x = np.zeros((1, 2048), np.float32)
    x[0, 2047] = 1.0
    flat(lambda a: tf.math.real(tf.signal.rfft(a)), x).assert_same(limit=1e-6)


def test_a_filter_that_the_model_keeps_as_a_spectrum() -> None:
    """A captured complex constant: a memory's response to an impulse, of many frequencies."""
    response = tf.signal.rfft(random(4, 30, seed=3), fft_length=[60])

    def filtered(x: Any) -> Any:
        spectrum = tf.signal.rfft(x, fft_length=[60])[:, None, :] * response
        return tf.signal.irfft(spectrum, fft_length=[60])[..., :30]

    flat(filtered, random(2, 30)).assert_same(limit=1e-5)
