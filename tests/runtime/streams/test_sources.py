"""Sources: names become frames in order, and a broken one costs only itself."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_image
from keras2cv.streams.frames import BrokenSource, Frame, Item, Sample, Selection
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.sources import find_sources, read_sources
from keras2cv.streams.threads import read_in_threads


def picture(height: int = 17, width: int = 23, seed: int = 0) -> np.ndarray:
    """Return (height, width, 3) uint8 noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_png(path: Path, image: np.ndarray) -> Path:
    """Write `image` losslessly, under any name."""
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def frames(*names: Path | str) -> list[Item]:
    """Return all that `names` give."""
    return list(read_sources(find_sources([str(name) for name in names])))


def images(*names: Path | str) -> list[Frame]:
    """Return all that `names` give, which must be images."""
    found = frames(*names)
    assert all(isinstance(item, Frame) for item in found), found
    return [item for item in found if isinstance(item, Frame)]


def test_an_image_is_read_as_cv2_reads_it(tmp_path: Path) -> None:
    """JPEG and PNG come out bit for bit as from cv2.imread, under the name that was given."""
    for name in ("photo.jpg", "photo.png"):
        path = tmp_path / name
        assert cv2.imwrite(str(path), picture(41, 67))
        (frame,) = images(path)
        assert frame.name == str(path)
        np.testing.assert_array_equal(frame.image_bgr, cv2.imread(str(path)))


@pytest.mark.parametrize(
    "stored",
    [
        picture()[:, :, 0],
        np.dstack([picture(), picture(seed=3)[:, :, :1]]),
        picture().astype(np.uint16) * 256 + 77,
        picture()[:, :, 0].astype(np.uint16) * 256 + 77,
    ],
    ids=["gray", "alpha", "16 bits", "gray 16 bits"],
)
def test_every_kind_of_png_becomes_8_bit_bgr(tmp_path: Path, stored: np.ndarray) -> None:
    """Gray is repeated, alpha is dropped, and 16 bits keep their upper 8: cv2.imread's rules."""
    (frame,) = images(write_png(tmp_path / "odd.png", stored))
    eight_bits = (stored >> 8).astype(np.uint8) if stored.dtype == np.uint16 else stored
    colour = eight_bits[:, :, None].repeat(3, 2) if eight_bits.ndim == 2 else eight_bits[:, :, :3]
    np.testing.assert_array_equal(frame.image_bgr, colour)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    """A photo taken on its side comes out upright, as cv2.imread has it."""
    jpeg = cv2.imencode(".jpg", picture(16, 32))[1].tobytes()
    # APP1: "Exif", big-endian TIFF, one entry: tag 0x0112 (orientation), SHORT, count 1, value 6.
    tiff = (
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
        + bytes(4)
    )
    app1 = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\x00\x00" + tiff
    path = tmp_path / "side.jpg"
    path.write_bytes(jpeg[:2] + app1 + jpeg[2:])
    (frame,) = images(path)
    assert frame.image_bgr.shape == (32, 16, 3)


def test_a_name_in_any_script_is_opened(tmp_path: Path) -> None:
    """Non-ASCII file names work, where cv2.imread on Windows does not open them."""
    (frame,) = images(write_png(tmp_path / "köttbullar 猫.png", picture()))
    np.testing.assert_array_equal(frame.image_bgr, picture())


def test_a_folder_gives_its_images_in_natural_order(tmp_path: Path) -> None:
    """img2 comes before img10, capitals do not matter, and other files and subfolders stay out."""
    for name in ("img10.png", "IMG2.PNG", "img1.png", "a.bmp.png"):
        write_png(tmp_path / name, picture())
    (tmp_path / "notes.txt").write_text("not an image", encoding="utf-8")
    (tmp_path / "deeper").mkdir()
    write_png(tmp_path / "deeper" / "img3.png", picture())
    names = [Path(frame.name).name for frame in images(tmp_path)]
    assert names == ["a.bmp.png", "img1.png", "IMG2.PNG", "img10.png"]


def test_a_pattern_finds_its_files(tmp_path: Path) -> None:
    """A glob that the shell left alone is expanded, ** into subfolders."""
    for name in ("a/2.png", "a/10.png", "b/c/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_png(tmp_path / name, picture())
    found = [Path(frame.name).relative_to(tmp_path) for frame in images(f"{tmp_path}/**/*.png")]
    assert found == [Path("a/2.png"), Path("a/10.png"), Path("b/c/1.png")]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    """A file called shot[1].png is read, not searched for."""
    (frame,) = images(write_png(tmp_path / "shot[1].png", picture()))
    assert frame.name.endswith("shot[1].png")


def test_one_broken_file_costs_one(tmp_path: Path) -> None:
    """Among good images, the undecodable and the empty come out broken, each with a reason."""
    first, last = (write_png(tmp_path / f"{n}.png", picture(seed=n)) for n in (1, 9))
    (tmp_path / "4.jpg").write_bytes(b"these bytes are not a picture")
    (tmp_path / "5.jpg").touch()
    found = frames(tmp_path)
    assert [type(item) for item in found] == [Frame, BrokenSource, BrokenSource, Frame]
    assert [found[0].name, found[3].name] == [str(first), str(last)]
    assert isinstance(found[1], BrokenSource)
    assert found[1].reason == (
        f"OpenCV {cv2.__version__} cannot decode {tmp_path / '4.jpg'} as an image. "
        "If an image viewer opens it, save it as .png there."
    )
    assert isinstance(found[2], BrokenSource)
    assert found[2].reason == f"{tmp_path / '5.jpg'} is empty (0 bytes). Copy it again."


def test_an_image_beyond_the_decoder_s_limits_is_broken(tmp_path: Path) -> None:
    """A size that cv2 refuses by an exception is a reason like any other."""
    path = tmp_path / "vast.png"
    header = b"IHDR" + (2**30).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    chunk = (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    (item,) = frames(path)
    assert isinstance(item, BrokenSource)
    assert str(path) in item.reason


def test_a_file_that_vanishes_is_broken(tmp_path: Path) -> None:
    """A file deleted after it was listed is reported, and the next one still read."""
    gone, kept = (write_png(tmp_path / f"{n}.png", picture()) for n in (1, 2))
    listed = find_sources([str(gone), str(kept)])
    gone.unlink()
    broken, frame = read_sources(listed)
    assert isinstance(broken, BrokenSource)
    assert broken.reason == (
        f"{gone} cannot be read: {os.strerror(2)}. "
        "Check that it is still there, and that you may read it."
    )
    assert frame.name == str(kept)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.jpg", "missing.jpg does not exist. "),
        ("*.jpeg", "*.jpeg matches no file. "),
        (".", ". holds no image (.avif, .bmp, "),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    """Missing files, fruitless patterns and folders without images stop before anything runs."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as raised:
        find_sources([name])
    assert str(raised.value).startswith(sentence)


def test_nothing_to_read_is_an_error() -> None:
    """An empty list of names is refused rather than answered with no results."""
    with pytest.raises(InputError, match="There is nothing to read"):
        find_sources([])


def test_arrays_come_by_name_or_by_number(tmp_path: Path) -> None:
    """.npy is arr_0; .npz keeps its names; shapes, dtypes and values are untouched."""
    values = np.arange(10, dtype=np.int32).reshape(2, 5)
    np.save(tmp_path / "one.npy", values)
    np.savez(tmp_path / "two.npz", left=values, right=values[:1] * 0.5)
    one, two = frames(tmp_path / "one.npy", tmp_path / "two.npz")
    assert isinstance(one, Sample)
    assert isinstance(two, Sample)
    assert list(one.arrays) == ["arr_0"]
    assert list(two.arrays) == ["left", "right"]
    np.testing.assert_array_equal(one.arrays["arr_0"], values)
    assert one.arrays["arr_0"].dtype == np.int32
    np.testing.assert_array_equal(two.arrays["right"], values[:1] * 0.5)


@pytest.mark.parametrize("content", ["pickle", "junk.npy", "junk.npz", "cut", "empty"])
def test_arrays_that_are_not_arrays_are_broken(tmp_path: Path, content: str) -> None:
    """Pickled objects are never loaded, and damaged files of every kind are reported."""
    path = tmp_path / ("x.npz" if content in ("junk.npz", "cut") else "x.npy")
    if content == "pickle":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    elif content == "cut":
        np.savez_compressed(path, a=picture())
        path.write_bytes(path.read_bytes()[:-60])
    else:
        path.write_bytes(b"" if content == "empty" else b"neither an array nor a zip")
    (item,) = frames(path)
    assert isinstance(item, BrokenSource)
    assert item.reason.startswith(f"{path} cannot be read as {path.suffix}: ")


def test_a_number_that_is_a_file_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file called 0 wins over camera 0."""
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "0", picture())
    (frame,) = images("0")
    np.testing.assert_array_equal(frame.image_bgr, picture())


def test_read_image_raises_for_itself(tmp_path: Path) -> None:
    """Called alone, a bad file is our error and a missing one the system's."""
    (tmp_path / "bad.png").write_bytes(b"bad")
    with pytest.raises(InputError, match=r"cannot decode .*bad\.png as an image"):
        read_image(tmp_path / "bad.png")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


def test_threads_change_nothing(tmp_path: Path) -> None:
    """Decoded ahead by several threads, everything comes as it would one after another."""
    for number in range(9):
        write_png(tmp_path / f"img{number}.png", picture(seed=number))
    (tmp_path / "img4.png").write_bytes(b"broken")
    found = find_sources([str(tmp_path), str(tmp_path / "img3.png")])
    wanted = list(read_sources(found))
    with Pipeline() as line:
        for item, expected in zip(read_in_threads(found, line), wanted, strict=True):
            assert item.name == expected.name
            if isinstance(expected, Frame):
                assert isinstance(item, Frame)
                np.testing.assert_array_equal(item.image_bgr, expected.image_bgr)
            else:
                assert item == expected


def test_what_is_known_is_not_even_opened(tmp_path: Path) -> None:
    """A source that is left out may be gone by now."""
    write_png(tmp_path / "a.png", picture())
    write_png(tmp_path / "b.png", picture())
    found = find_sources([str(tmp_path)])
    (tmp_path / "a.png").unlink()
    selection = Selection(known=frozenset([str(tmp_path / "a.png")]))
    assert [item.name for item in read_sources(found, selection)] == [str(tmp_path / "b.png")]
    with Pipeline() as line:
        items = list(read_in_threads(found, line, selection))
    assert [item.name for item in items] == [str(tmp_path / "b.png")]


def test_a_url_is_live_unless_it_names_a_file() -> None:
    """A camera's stream does not wait, a file does. No name holds a password."""
    camera, file = find_sources(
        ["rtsp://me:secret@10.0.0.7:554/s?ch=1", "https://a.org/x/clip.MP4"]
    )
    assert (camera.kind, camera.is_live, camera.is_stream) == ("live", True, True)
    assert camera.name == "rtsp://10.0.0.7:554/s?ch=1"
    assert camera.address == "rtsp://me:secret@10.0.0.7:554/s?ch=1"
    assert "secret" not in repr(camera)
    assert (file.kind, file.is_live, file.is_stream) == ("video", False, True)
