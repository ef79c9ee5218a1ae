"""Fourier transforms, as products with constant matrices of cosines and sines.

OpenCV has no complex numbers: a complex tensor is a pair of tensors while the graph is flattened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Array, Node, RefusedError, known, must_know, require_room, static

# Two matrices of 2048 x 1025 numbers are 17 MB; beyond that the file would be mostly cosines.
_LONGEST = 2048


@dataclass(frozen=True)
class Complex:
    """A complex tensor: its real and its imaginary part, of the same shape."""

    real: Any
    imag: Any

    @property
    def shape(self) -> Any:
        """The static shape."""
        return self.real.shape


def as_complex(value: Any) -> Complex:
    """Return a Complex as it is, and a constant or a real tensor as one."""
    if isinstance(value, Complex):
        return value
    if not value.dtype.is_complex:
        return Complex(value, tf.zeros_like(value))
    number = must_know(value, "complex factor")
    return Complex(tf.constant(number.real.copy()), tf.constant(number.imag.copy()))


# -- transforms ----------------------------------------


def rfft(_: Node, x: Any, length: Any) -> Complex:
    """RFFT -> x @ cos and -x @ sin, the first n // 2 + 1 frequencies."""
    n = int(must_know(length, "length").ravel()[0])
    fitted = _fitted(x, n)
    return _transform(Complex(fitted, None), n, n // 2 + 1, sign=-1)


def fft(_: Node, x: Any) -> Complex:
    """FFT over the last axis."""
    return _transform(as_complex(x), int(x.shape[-1]), int(x.shape[-1]), sign=-1)


def ifft(_: Node, x: Any) -> Complex:
    """IFFT over the last axis: the conjugate factors, divided by the length."""
    n = int(x.shape[-1])
    y = _transform(as_complex(x), n, n, sign=1)
    return Complex(y.real / n, y.imag / n)


def irfft(_: Node, x: Any, length: Any) -> Any:
    """IRFFT -> real parts of all n frequencies; those after n // 2 mirror the ones before."""
    n = int(must_know(length, "length").ravel()[0])
    z = as_complex(x)
    bins = n // 2 + 1
    real, imag = (_fitted(part, bins) for part in (z.real, z.imag))
    # Frequencies 1 .. (n - 1) // 2 count twice, once for their mirror image.
    times = np.full(bins, 2.0, np.float32)
    times[0] = 1.0
    if n % 2 == 0:
        times[-1] = 1.0
    angles = _angles(bins, n, n)
    cos, sin = (times[:, None] * f(angles) / n for f in (np.cos, np.sin))
    return _matmul(real, cos) - _matmul(imag, sin)


def fft2d(node: Node, x: Any) -> Complex:
    """FFT2D: over the last axis, then over the one before."""
    return _swapped(fft(node, _swapped(fft(node, x))))


def ifft2d(node: Node, x: Any) -> Complex:
    """IFFT2D, likewise."""
    return _swapped(ifft(node, _swapped(ifft(node, x))))


def rfft2d(node: Node, x: Any, length: Any) -> Complex:
    """RFFT2D: RFFT over the last axis, FFT over the one before."""
    rows, columns = (int(d) for d in must_know(length, "length"))
    fitted = tf.linalg.matrix_transpose(_fitted(tf.linalg.matrix_transpose(x), rows))
    once = _transform(Complex(_fitted(fitted, columns), None), columns, columns // 2 + 1, sign=-1)
    return _swapped(fft(node, _swapped(once)))


def _swapped(z: Complex) -> Complex:
    return Complex(tf.linalg.matrix_transpose(z.real), tf.linalg.matrix_transpose(z.imag))


def _fitted(x: Any, n: int) -> Any:
    """Cut the last axis to n, or fill it up with zeros."""
    size = static(x)[-1]
    if size > n:
        return x[..., :n]
    return tf.pad(x, [[0, 0]] * (len(x.shape) - 1) + [[0, n - size]]) if size < n else x


def _transform(z: Complex, n: int, bins: int, *, sign: int) -> Complex:
    """Return sum over t of z_t exp(sign 2 pi i t k / n) for k < bins.

    Raises:
        RefusedError: n is too large for a matrix of cosines.
    """
    if n > _LONGEST:
        raise RefusedError(
            f"a Fourier transform of {n} numbers, too long for a matrix of cosines",
            f"Up to {_LONGEST} are possible; compute the spectrum outside of the model.",
        )
    angles = _angles(n, bins, n)
    cos, sin = np.cos(angles), sign * np.sin(angles)
    if z.imag is None:
        return Complex(_matmul(z.real, cos), _matmul(z.real, sin))
    return Complex(
        _matmul(z.real, cos) - _matmul(z.imag, sin), _matmul(z.real, sin) + _matmul(z.imag, cos)
    )


def _angles(rows: int, columns: int, n: int) -> Array:
    """Return 2 pi t k / n (rows, columns); t k is taken modulo n first, where floats are exact."""
    require_room(rows, columns)
    multiples = np.outer(np.arange(rows), np.arange(columns)) % n
    return np.asarray(2 * np.pi * multiples / n)


def _matmul(x: Any, matrix: Array) -> Any:
    factor = matrix.astype(np.float32)
    if len(x.shape) > 1:
        return tf.matmul(x, factor)
    return tf.reshape(tf.matmul(x[None], factor), [-1])


# -- arithmetic on pairs ----------------------------------------


def make_complex(_: Node, real: Any, imag: Any) -> Complex:
    """Complex -> the pair itself."""
    return Complex(real, imag)


def cast(node: Node, x: Any) -> Any:
    """Cast to complex -> the pair (x, 0); from complex to real -> the real part."""
    target = node.attr("DstT")
    if isinstance(x, Complex):
        return x if target.is_complex else tf.cast(x.real, target)
    if not target.is_complex or (x.dtype.is_complex and known(x) is not None):
        return None
    return Complex(tf.cast(x, tf.float32), tf.zeros(x.shape, tf.float32))


def _real(_: Node, z: Complex) -> Any:
    return z.real


def _imag(_: Node, z: Complex) -> Any:
    return z.imag


def _abs(_: Node, z: Complex) -> Any:
    return tf.sqrt(z.real * z.real + z.imag * z.imag)


def _angle(_: Node, z: Complex) -> Any:
    return tf.atan2(z.imag, z.real)


def _conj(_: Node, z: Complex) -> Complex:
    return Complex(z.real, -z.imag)


def _mul(_: Node, a: Any, b: Any) -> Complex:
    p, q = as_complex(a), as_complex(b)
    return Complex(p.real * q.real - p.imag * q.imag, p.real * q.imag + p.imag * q.real)


def _exp(_: Node, z: Complex) -> Complex:
    size = tf.exp(z.real)
    return Complex(size * tf.cos(z.imag), size * tf.sin(z.imag))


def _square(node: Node, z: Complex) -> Complex:
    return _mul(node, z, z)


# Ops that treat the real and the imaginary part of a complex tensor alike.
_PART_BY_PART = (
    "AddV2", "Add", "Sub", "Neg", "AddN", "Sum", "Mean", "Reshape", "Transpose", "StridedSlice",
    "Slice", "ConcatV2", "Pack", "ExpandDims", "Squeeze", "Pad", "PadV2", "GatherV2", "Tile",
    "BroadcastTo", "ZerosLike", "Identity", "Fill", "ReverseV2", "Roll",
)  # fmt: skip

COMPLEX_OPS: dict[str, Callable[..., Any]] = {
    "Real": _real,
    "Imag": _imag,
    "ComplexAbs": _abs,
    "Angle": _angle,
    "Conj": _conj,
    "Exp": _exp,
    "Mul": _mul,
    "Square": _square,
    "Cast": cast,
    "FFT": fft,
    "IFFT": ifft,
    "IRFFT": irfft,
    "FFT2D": fft2d,
    "IFFT2D": ifft2d,
}


def by_parts(op: str) -> bool:
    """Whether an op treats the real and the imaginary part alike."""
    return op in _PART_BY_PART
