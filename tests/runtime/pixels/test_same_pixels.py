"""Tests that images are resized the same by OpenCVs whose own resizes differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.pixels.resize import canary, resize
from keras2cv.pixels.resize.beyond_hal import extra_columns, resize_beyond_hal
from keras2cv.pixels.resize.fixed_point import resize_linear
from keras2cv.pixels.resize.rounding import is_mean, resize_area
from keras2cv.pixels.resize.tf_bilinear import resize_bilinear

Array = NDArray[Any]
Size = tuple[int, int]

CHANNELS = st.sampled_from([1, 2, 3, 4, 5])
SIDES = st.integers(1, 150)
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
# From, to: one and two pixels less, halved, doubled, less by more than three, one axis alone.
SIZES = [
    ((257, 257), (256, 256)),
    ((130, 130), (128, 128)),
    ((96, 128), (48, 64)),
    ((40, 30), (80, 60)),
    ((331, 187), (96, 40)),
    ((60, 211), (150, 97)),
    ((33, 20), (33, 7)),
    ((1, 9), (3, 2)),
    ((9, 1), (4, 4)),
]

real_resize, real_blob = cv2.resize, cv2.dnn.blobFromImage


@pytest.fixture(autouse=True)
def fresh_canaries() -> Iterator[None]:
    """Let each test find out anew, and leave nothing found behind."""
    forget()
    yield
    forget()


def forget() -> None:
    """Forget which calls are right."""
    for finding in (
        canary.linear_route,
        canary.area_is_exact,
        canary.cubic_floats_are_exact,
        canary.floats_are_exact,
    ):
        finding.cache_clear()


def like_kleidicv(image: Array, size: Any, *others: Any, **named: Any) -> Array:
    """Resize as cv2, but 8-bit INTER_LINEAR a level off where sizes and factors agree."""
    resized = real_resize(image, size, *others, **named)
    is_linear = named.get("interpolation", cv2.INTER_LINEAR) == cv2.INTER_LINEAR
    if image.dtype != np.uint8 or not is_linear or not agrees(image, resized, size, others):
        return resized
    return resized ^ np.uint8(1)


def agrees(image: Array, resized: Array, size: Any, others: tuple[Any, ...]) -> bool:
    """Return whether a vendor's code would take the call."""
    if size is not None:
        return True
    factor_x, factor_y = others[1:3]
    return all(
        abs(target / factor - source) < 0.1
        for target, source, factor in zip(
            resized.shape[:2], image.shape[:2], (factor_y, factor_x), strict=True
        )
    )


def always_off(image: Array, *others: Any, **named: Any) -> Array:
    """Resize as cv2, but 8-bit INTER_LINEAR a level off whatever one does."""
    resized = real_resize(image, *others, **named)
    is_linear = named.get("interpolation", cv2.INTER_LINEAR) == cv2.INTER_LINEAR
    return resized ^ np.uint8(1) if is_linear and image.dtype == np.uint8 else resized


def blob_with(resizing: Callable[..., Array]) -> Callable[..., Array]:
    """Return a blobFromImage that resizes by that function."""

    def blob_from_image(image: Array, *factors: Any, **named: Any) -> Array:
        size = named.pop("size", None)
        return real_blob(image if size is None else resizing(image, size), *factors, **named)

    return blob_from_image


def noise(size_wh: Size, channels: int) -> Array:
    """Return noise (H, W, C)."""
    rng = np.random.default_rng(size_wh[0] * 1000 + size_wh[1])
    return rng.integers(0, 256, (size_wh[1], size_wh[0], channels), np.uint8)


def by_cv2(image: Array, size_wh: Size, flag: int = cv2.INTER_LINEAR) -> Array:
    """Resize (H, W, C) by this machine's cv2."""
    return real_resize(image, size_wh, interpolation=flag).reshape(*size_wh[::-1], -1)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("source_wh", "size_wh"), SIZES)
def test_the_integers_are_x86s(source_wh: Size, size_wh: Size, channels: int) -> None:
    """The arithmetic in NumPy is cv2's, bit for bit."""
    image = noise(source_wh, channels)
    np.testing.assert_array_equal(resize_linear(image, size_wh), by_cv2(image, size_wh))


@given(SIDES, SIDES, SIDES, SIDES, CHANNELS)
@EXAMPLES
def test_every_route_gives_x86s_pixels_at_any_size(
    width: int, height: int, target_width: int, target_height: int, channels: int
) -> None:
    """No pair of sizes is a special case of either."""
    image, size_wh = noise((width, height), channels), (target_width, target_height)
    expected = by_cv2(image, size_wh)
    np.testing.assert_array_equal(resize_linear(image, size_wh), expected)
    np.testing.assert_array_equal(resize_beyond_hal(image, size_wh), expected)


@given(st.integers(1, 400), st.integers(1, 3))
@EXAMPLES
def test_squares_a_pixel_too_large_get_x86s_pixels(side: int, more: int) -> None:
    """Sizes at which a vendor's code was seen to read past the end of an image."""
    image = noise((side + more, side + more), 3)
    expected = by_cv2(image, (side, side))
    np.testing.assert_array_equal(resize_beyond_hal(image, (side, side)), expected)


def test_no_vendors_code_takes_the_other_call() -> None:
    """Sizes and factors of the call disagree, on the width, by more than Carotene minds."""
    for source in range(2, 400, 3):
        for target in range(1, 400, 7):
            extra = extra_columns(source, target)
            if extra is not None:
                columns, factor = source + extra, target / source
                assert abs(round(columns * factor) / factor - columns) > 0.1


def test_a_large_photo_is_not_copied() -> None:
    """Where the last column is not read, leaving it out is enough."""
    assert extra_columns(1280, 224) == -1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("fault", "route"), [(like_kleidicv, "beyond_hal"), (always_off, "integers")]
)
def test_a_build_that_resizes_differently_is_noticed(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Array], route: str, channels: int
) -> None:
    """The route is one that gives right pixels on this build."""
    assert canary.linear_route(channels) == "cv2"
    forget()
    monkeypatch.setattr(cv2, "resize", fault)
    assert canary.linear_route(channels) == route
    for source_wh, size_wh in SIZES:
        image = noise(source_wh, channels)
        np.testing.assert_array_equal(resize(image, size_wh, "linear"), by_cv2(image, size_wh))


@pytest.mark.parametrize("color", ["RGB", "GRAY"])
@pytest.mark.parametrize("rule", ["stretch", "letterbox", "center-crop", "pad"])
@pytest.mark.parametrize("fault", [like_kleidicv, always_off])
def test_blobs_are_the_same_on_such_a_build(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Array], rule: str, color: str
) -> None:
    """Every resize rule, 8 and 16 bits."""
    channels = 1 if color == "GRAY" else 3
    rules = Preprocessing(
        "x", color, (64, 48), rule, "linear", (12.5,) * channels, 1 / 127.5, (1.0,) * channels,  # type: ignore[arg-type]
        "here", pad=7 if rule in ("letterbox", "pad") else None,
    )  # fmt: skip
    images = [noise((131, 97), 3), noise((66, 66), 3).astype(np.uint16) * 257]
    expected = Preprocessor(rules)(images)
    forget()
    monkeypatch.setattr(cv2, "resize", fault)
    monkeypatch.setattr(cv2.dnn, "blobFromImage", blob_with(fault))
    np.testing.assert_array_equal(Preprocessor(rules)(images), expected)


def test_a_blob_that_is_off_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV's dnn may be built with another resize than its imgproc."""
    monkeypatch.setattr(cv2.dnn, "blobFromImage", blob_with(always_off))
    assert canary.linear_route(3) != "cv2"


@pytest.mark.parametrize("channels", [1, 3])
def test_area_in_one_order_is_x86s(channels: int) -> None:
    """Sums that end in a half are rounded as by OpenCV's own wheels."""
    for source_wh, size_wh in [*SIZES, ((100, 100), (50, 40)), ((150, 90), (60, 36))]:
        shrinks = source_wh[0] >= size_wh[0] and source_wh[1] >= size_wh[1]
        if shrinks and not is_mean(source_wh, size_wh):
            image = noise(source_wh, channels)
            expected = by_cv2(image, size_wh, cv2.INTER_AREA)
            np.testing.assert_array_equal(resize_area(image, size_wh), expected)


def test_area_that_rounds_differently_gets_the_same_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A build that fuses products and sums turns values near a half."""

    def fused(image: Array, *others: Any, **named: Any) -> Array:
        resized = real_resize(image, *others, **named)
        if named.get("interpolation") != cv2.INTER_AREA:
            return resized
        if image.dtype == np.uint8:
            return resized ^ np.uint8(1)
        return resized + np.float32(5e-5)

    image = noise((100, 100), 3)
    expected = by_cv2(image, (50, 40), cv2.INTER_AREA)
    monkeypatch.setattr(cv2, "resize", fused)
    assert not canary.area_is_exact(3)
    np.testing.assert_array_equal(resize(image, (50, 40), "area"), expected)


def test_cubic_is_the_same_from_exact_and_from_rounded_positions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A build without Intel's IPP computes other floats, and its 8-bit cubic is 5 % another."""

    def without_ipp(image: Array, *others: Any, **named: Any) -> Array:
        resized = real_resize(image, *others, **named)
        is_cubic = named.get("interpolation") == cv2.INTER_CUBIC
        return resized + np.float32(0.004) if is_cubic else resized

    image = noise((131, 97), 3)
    expected = resize(image, (64, 71), "cubic")
    forget()
    monkeypatch.setattr(cv2, "resize", without_ipp)
    assert not canary.cubic_floats_are_exact()
    np.testing.assert_array_equal(resize(image, (64, 71), "cubic"), expected)


def test_cubic_is_cv2s_but_for_single_pixels() -> None:
    """What is settled are values within rounding of a half."""
    image = noise((331, 187), 3)
    expected = by_cv2(image, (224, 224), cv2.INTER_CUBIC)
    differences = np.abs(resize(image, (224, 224), "cubic").astype(int) - expected)
    assert differences.max() <= 1
    assert (differences > 0).mean() < 1e-3


def test_canaries_read_within_their_buffers() -> None:
    """A canary is a view into a larger buffer: a build that reads past its end finds memory."""
    image = canary.noise((33, 33), 3)
    assert image.base is not None
    assert image.base.nbytes >= image.nbytes + 64 * 3


# Source and target sizes whose positions need few bits: a half, a third, two thirds, and larger.
FEW_BITS = [
    (64, 32),
    (96, 32),
    (48, 32),
    (40, 32),
    (160, 32),
    (16, 32),
    (8, 32),
    (24, 32),
    (32, 32),
]


def count_float_resizes(monkeypatch: pytest.MonkeyPatch) -> list[Size]:
    """Return a list that grows with every call of cv2.resize on floats."""
    seen: list[Size] = []

    def counted(image: Array, size: Any, *others: Any, **named: Any) -> Array:
        if image.dtype == np.float32:
            seen.append(size)
        return real_resize(image, size, *others, **named)

    monkeypatch.setattr(cv2, "resize", counted)
    return seen


@pytest.mark.parametrize("channels", [1, 3, 4, 5])
@pytest.mark.parametrize("across", FEW_BITS)
def test_cv2_computes_tf_bilinear_where_nothing_is_rounded(
    across: Size, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, and it is cv2 that did it."""
    seen = count_float_resizes(monkeypatch)
    rng = np.random.default_rng(8)
    for down in FEW_BITS:
        image = rng.integers(0, 256, (down[0], across[0], channels), np.uint8)
        expected = resize_bilinear(image, (across[1], down[1]))
        assert canary.floats_are_exact(channels)
        seen.clear()
        np.testing.assert_array_equal(resize(image, (32, 32), "tf-bilinear"), expected)
        assert seen == ([(32, 32)] if across[0] * down[0] <= 5 * 32 * 32 else [])


@pytest.mark.parametrize("source_wh", [(640, 480), (33, 64), (64, 33), (131, 131)])
def test_cv2_computes_no_other_tf_bilinear(
    source_wh: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the positions are rounded, cv2's are others; so for images of floats."""
    resize(np.zeros((2, 2), np.uint8), (1, 1), "tf-bilinear")  # the canary's own calls
    seen = count_float_resizes(monkeypatch)
    resize(np.zeros(source_wh[::-1], np.uint8), (224, 32), "tf-bilinear")
    resize(np.zeros((64, 64), np.float32), (32, 32), "tf-bilinear")
    assert seen == []


def test_tf_bilinear_is_right_where_cv2_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OpenCV whose floats are a little off computes none of it."""

    def off(image: Array, *others: Any, **named: Any) -> Array:
        resized = real_resize(image, *others, **named)
        return resized * np.float32(1.0000002) if image.dtype == np.float32 else resized

    monkeypatch.setattr(cv2, "resize", off)
    image = np.random.default_rng(9).integers(0, 256, (64, 96, 3), np.uint8)
    expected = resize_bilinear(image, (32, 32))
    np.testing.assert_array_equal(resize(image, (32, 32), "tf-bilinear"), expected)
    assert not canary.floats_are_exact(3)
