"""Every form of labelled data is told by itself, and read with what is wrong named and counted."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_masks

from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.data.find import read_data
from keras2cv.evaluation.data.masks import read_mask
from keras2cv.evaluation.data.segmentations import area_of, decode_runs, fill_polygon
from keras2cv.evaluation.data.yolo import parse_names
from keras2cv.evaluation.labelled import TrueBoxes, TrueMask, TruePoints

SIZE_WH = (40, 30)


def picture(path: Path, size_wh: tuple[int, int] = SIZE_WH) -> Path:
    """Write a small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size_wh[1], size_wh[0], 3), 90, np.uint8))
    return path


def texts(found: Any) -> str:
    """Return every problem's sentence."""
    return "\n".join(problem.text for problem in found.problems.first)


def test_class_folders_are_read_as_keras_reads_them(tmp_path: Path) -> None:
    """The same files, numbers and names, in the same order; other suffixes are left out."""
    keras = pytest.importorskip("keras")
    for name in ("b/10.png", "b/9.png", "a/z/deep.jpg", "a/B.PNG", "c/x.bmp", ".hidden/y.png"):
        picture(tmp_path / name)
    picture(tmp_path / "a" / "left.webp")
    dataset = keras.utils.image_dataset_from_directory(
        tmp_path, shuffle=False, image_size=(8, 8), batch_size=None, verbose=False
    )
    found = read_data(tmp_path, "classify")
    assert [str(sample.path) for sample in found.samples] == dataset.file_paths
    assert list(found.classes or ()) == dataset.class_names
    assert [sample.truth for sample in found.samples] == [int(y) for _, y in dataset]
    assert "1 pictures are left out" in found.notes[0]


def test_a_table_of_classes(tmp_path: Path) -> None:
    """A row without a file, a file twice with another label, a cell that lacks."""
    for name in ("a.png", "b.png"):
        picture(tmp_path / "images" / name)
    table = tmp_path / "labels.csv"
    table.write_text("label,file\ncat,a.png\ndog,b.png\ndog,a.png\ncat,no.png\n,\ncat\n")
    found = read_data(tmp_path, "classify")
    assert found.classes == ("cat", "dog")
    assert [(s.path.name, s.truth) for s in found.samples] == [("a.png", 0), ("b.png", 1)]
    kinds = {"label twice": 1, "file missing": 1, "label unreadable": 1}
    assert dict(found.problems.counts) == kinds
    assert "no.png" in texts(found)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_of_numbers(tmp_path: Path, mark: str) -> None:
    """With any mark between cells, and no header."""
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    rows = [["a.png", "1.5", "-2"], ["b.png", "x", "3"]]
    path = tmp_path / ("t.tsv" if mark == "\t" else "t.csv")
    path.write_text("\n".join(mark.join(row) for row in rows))
    found = read_data(path, "regress")
    assert [s.truth for s in found.samples] == [(1.5, -2.0)]
    assert found.problems.counts == {"label unreadable": 1}


def test_a_table_of_points(tmp_path: Path) -> None:
    """Names come from the header; an empty cell is a point that is not labelled."""
    picture(tmp_path / "a.png")
    (tmp_path / "p.csv").write_text("file,nose_x,nose_y,tail_x,tail_y\na.png,3,4,,\n")
    found = read_data(tmp_path, "keypoints")
    truth = found.samples[0].truth
    assert isinstance(truth, TruePoints)
    assert found.points == ("nose", "tail")
    assert truth.is_labelled.tolist() == [True, False]


def coco(tmp_path: Path, **changes: Any) -> Path:
    """Write COCO JSON of two images, one of them missing unless `changes` say otherwise."""
    picture(tmp_path / "images" / "one.png")
    square = [[4, 4, 14, 4, 14, 14, 4, 14]]
    record = {
        "images": [
            {"id": 2, "file_name": "one.png", "width": 40, "height": 30},
            {"id": 1, "file_name": "gone.png", "width": 40, "height": 30},
        ],
        "categories": [
            {"id": 7, "name": "dog", "keypoints": ["nose", "tail"]},
            {"id": 3, "name": "cat"},
            {"id": 9, "name": "dog"},
            {"id": 3, "name": "cow"},
        ],
        "annotations": [
            {
                "id": 1, "image_id": 2, "category_id": 7, "bbox": [4, 4, 10, 10], "area": 90,
                "iscrowd": 0, "segmentation": square, "keypoints": [5, 6, 2, 0, 0, 0],
            },
            {"id": 2, "image_id": 2, "category_id": 3, "bbox": [35, 25, 10, 10]},
            {"id": 3, "image_id": 2, "category_id": 3, "bbox": [90, 90, 5, 5]},
            {"id": 4, "image_id": 8, "category_id": 3, "bbox": [0, 0, 5, 5]},
            {"id": 5, "image_id": 2, "category_id": 5, "bbox": [0, 0, 5, 5]},
            {"id": 6, "image_id": 2, "category_id": 3, "bbox": [0, 0, "x", 5]},
            {
                "id": 7, "image_id": 2, "category_id": 3, "bbox": [0, 0, 5, 5], "iscrowd": 1,
                "segmentation": {"size": [99, 40], "counts": [99 * 40]},
            },
        ],
        **changes,
    }  # fmt: skip
    (tmp_path / "instances.json").write_text(json.dumps(record))
    return tmp_path


def test_coco_boxes(tmp_path: Path) -> None:
    """Every kind of bad annotation is named, the rest is read."""
    found = read_data(coco(tmp_path), "detect")
    assert found.classes == ("cat", "dog")
    (sample,) = found.samples
    truth = sample.truth
    assert isinstance(truth, TrueBoxes)
    assert truth.boxes_xywh.tolist() == [[4, 4, 10, 10], [35, 25, 5, 5], [0, 0, 5, 5]]
    assert truth.class_ids.tolist() == [1, 0, 0]
    assert truth.areas[0] == 90
    assert truth.is_crowd.tolist() == [False, False, True]
    assert truth.image_id == 2
    assert dict(found.problems.counts) == {
        "category twice": 2, "box outside": 2, "file missing": 2, "category unknown": 1,
        "label unreadable": 1,
    }  # fmt: skip


def test_coco_segmentations_and_keypoints(tmp_path: Path) -> None:
    """Run lengths of another size are named; an image needs one object with keypoints."""
    found = read_data(coco(tmp_path), "segment")
    truth = found.samples[0].truth
    assert isinstance(truth, TrueMask)
    assert [number for number, _ in truth.parts] == [1]
    assert found.problems.counts["mask of another size"] == 1
    assert "40x99" in texts(found)
    found = read_data(coco(tmp_path), "keypoints")
    points = found.samples[0].truth
    assert isinstance(points, TruePoints)
    assert found.points == ("nose", "tail")
    assert points.size == 10
    assert points.is_labelled.tolist() == [True, False]


def test_json_that_is_no_coco_is_refused(tmp_path: Path) -> None:
    """With what it lacks; and two files of which either could be meant."""
    (tmp_path / "a.json").write_text('{"images": []}')
    with pytest.raises(InputError, match="lacks the lists annotations, categories"):
        read_data(tmp_path, "detect")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(InputError, match=r"several JSON files \(a.json, b.json\)"):
        read_data(tmp_path, "detect")


@pytest.mark.parametrize("seed", range(6))
def test_polygons_and_runs_are_those_of_pycocotools(seed: int) -> None:
    """Pixel for pixel: polygons of any kind, run lengths plain and packed."""
    rng = np.random.default_rng(seed)
    height, width = 37, 52
    polygon = (rng.uniform(-5, 60, (int(rng.integers(3, 9)), 2)).round(seed % 3)).ravel().tolist()
    runs = coco_masks.frPyObjects([polygon], height, width)
    expected = coco_masks.decode(runs)[..., 0].astype(bool)
    assert (fill_polygon(polygon, (height, width)) == expected).all()
    packed = {"size": [height, width], "counts": runs[0]["counts"].decode("ascii")}
    assert (decode_runs(packed) == expected).all()
    noise = rng.random((height, width)) < 0.5
    packed = coco_masks.encode(np.asfortranarray(noise.astype(np.uint8)))
    assert (decode_runs(packed) == noise).all()
    assert area_of(packed, (width, height)) == noise.sum()


VOC = """<annotation><source><database>{source}</database></source>
<size><width>40</width><height>30</height><depth>3</depth></size>
<object><name>dog</name><difficult>1</difficult>
<bndbox><xmin>5</xmin><ymin>6</ymin><xmax>20</xmax><ymax>21</ymax></bndbox></object>
<object><name>cat</name>
<bndbox><xmin>100</xmin><ymin>6</ymin><xmax>120</xmax><ymax>21</ymax></bndbox></object>
</annotation>"""


def test_pascal_voc(tmp_path: Path) -> None:
    """Difficult objects do not count; the official data counts pixels from 1."""
    for name in ("a", "b", "bare"):
        picture(tmp_path / "JPEGImages" / f"{name}.png")
    labels = tmp_path / "Annotations"
    labels.mkdir()
    (labels / "a.xml").write_text(VOC.format(source="mine"))
    (labels / "b.xml").write_text(VOC.format(source="The VOC2007 Database"))
    (labels / "lost.xml").write_text(VOC.format(source=""))
    (labels / "bare.xml").write_text("<annotation>")
    picture(tmp_path / "JPEGImages" / "new.png")
    found = read_data(tmp_path, "detect")
    assert found.form == "Pascal VOC XML"
    boxes = {s.path.stem: s.truth.boxes_xywh.tolist() for s in found.samples}  # type: ignore[union-attr]
    assert boxes == {"a": [[5, 6, 15, 15]], "b": [[4, 5, 16, 16]]}
    assert found.samples[0].truth.is_ignored.tolist() == [True]  # type: ignore[union-attr]
    assert dict(found.problems.counts) == {
        "file missing": 1, "label unreadable": 1, "label missing": 1, "box outside": 2,
    }  # fmt: skip


def test_yolo(tmp_path: Path) -> None:
    """Shares become pixels; an image without a file has nothing; polygons have boxes."""
    for name in ("a", "b", "c"):
        picture(tmp_path / "images" / "val" / f"{name}.png")
    labels = tmp_path / "labels" / "val"
    labels.mkdir(parents=True)
    (labels / "a.txt").write_text("1 0.5 0.5 0.5 0.2\n0 1.2 0.5 0.1 0.1\nx\n")
    (labels / "b.txt").write_text("0 0.1 0.1 0.3 0.1 0.2 0.4\n")
    (labels / "lost.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "data.yaml").write_text("path: x\nnames:\n  0: cat\n  1: 'big dog'\nnc: 2\n")
    found = read_data(tmp_path, "detect")
    assert found.classes == ("cat", "big dog")
    boxes = [s.truth.in_pixels(SIZE_WH) for s in found.samples]  # type: ignore[union-attr]
    assert boxes[0].boxes_xywh[0] == pytest.approx([10, 12, 20, 6])
    assert boxes[1].boxes_xywh[0] == pytest.approx([4, 3, 8, 9])
    assert [len(one.areas) for one in boxes] == [1, 1, 0]
    assert dict(found.problems.counts) == {
        "file missing": 1, "box outside": 1, "label unreadable": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, 'b c', \"d\"]", ("a", "b c", "d")),
        ("names: {0: a, 1: b}", ("a", "b")),
        ("names:\n- a\n- b # the second\nval: x", ("a", "b")),
        ("nc: 3", None),
    ],
)
def test_the_names_of_a_yaml(text: str, names: tuple[str, ...] | None) -> None:
    """In the ways that YOLO's files have them."""
    assert parse_names(text) == names


def palette_png(indices: np.ndarray, depth: int) -> bytes:
    """Return a PNG of palette indices (H, W), as Pascal VOC's masks are."""
    height, width = indices.shape
    per_byte = 8 // depth
    rows = b""
    for row in indices:
        padded = np.concatenate([row, np.zeros(-width % per_byte, int)]).reshape(-1, per_byte)
        shifts = np.arange(per_byte)[::-1] * depth
        rows += b"\0" + bytes((padded << shifts).sum(axis=1).astype(np.uint8))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
        (b"PLTE", bytes(range(3)) * 2**depth),
        (b"tRNS", b"\0"),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_mask_holds_its_indices(tmp_path: Path, depth: int) -> None:
    """Not the palette's colours, as OpenCV decodes them."""
    indices = np.random.default_rng(depth).integers(0, 2**depth, (5, 11))
    (tmp_path / "m.png").write_bytes(palette_png(indices, depth))
    assert (read_mask(TrueMask(tmp_path / "m.png")) == indices).all()


def test_a_palette_mask_with_a_table_of_colours_has_their_classes(tmp_path: Path) -> None:
    """As CVAT writes them: the colour of an index decides, and not the index."""
    indices = np.array([[0, 1], [1, 1]])
    png = palette_png(indices, 8).replace(bytes(range(3)) * 256, bytes([9, 8, 7, 90, 80, 70]) * 128)
    body = png[png.index(b"PLTE") :][: 4 + 768]
    old = png[png.index(body) + len(body) :][:4]
    png = png.replace(body + old, body + struct.pack(">I", zlib.crc32(body)))
    (tmp_path / "m.png").write_bytes(png)
    colours = (((70, 80, 90), 4), ((7, 8, 9), 2))
    assert read_mask(TrueMask(tmp_path / "m.png", colours=colours)).tolist() == [[2, 4], [4, 4]]


def test_masks(tmp_path: Path) -> None:
    """Pairs by name, with an ending; a mask of no picture, a picture of no mask, colours."""
    for name in ("a", "b", "c"):
        picture(tmp_path / "images" / f"{name}.jpg")
    picture(tmp_path / "masks" / "a_mask.png")
    picture(tmp_path / "masks" / "b.png")
    picture(tmp_path / "masks" / "lost.png")
    found = read_data(tmp_path, "segment")
    assert [s.path.stem for s in found.samples] == ["a", "b"]
    assert dict(found.problems.counts) == {"label missing": 1, "file missing": 1}
    (tmp_path / "labelmap.txt").write_text("# label:color\nsky:0,0,255::\nroad:90,90,90::\n")
    found = read_data(tmp_path, "segment")
    assert found.classes == ("sky", "road")
    truth = found.samples[0].truth
    assert isinstance(truth, TrueMask)
    assert (read_mask(truth) == 1).all()


def test_pairs_of_pictures(tmp_path: Path) -> None:
    """Known names of folders; two others are asked for; two paths say it."""
    for folder in ("low", "high"):
        picture(tmp_path / folder / "a.png")
    picture(tmp_path / "low" / "b.png")
    found = read_data(tmp_path, "image")
    assert [(s.path.name, Path(str(s.truth)).parent.name) for s in found.samples] == [
        ("a.png", "high")
    ]
    assert found.problems.counts == {"label missing": 1}
    (tmp_path / "low").rename(tmp_path / "rain")
    with pytest.raises(InputError, match="high and rain, and it is not clear which one goes in"):
        read_data(tmp_path, "image")
    found = read_data([tmp_path / "rain", tmp_path / "high"], "image")
    assert len(found.samples) == 1


def test_lists_of_pairs(tmp_path: Path) -> None:
    """Two files and 1 or 0 in a row; the pairs.txt of LFW."""
    for name in ("Ann/Ann_0001", "Ann/Ann_0002", "Bob/Bob_0001"):
        picture(tmp_path / f"{name}.jpg")
    (tmp_path / "pairs.txt").write_text("1\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\nAnn\t1\t9\nx\n")
    found = read_data(tmp_path, "embed")
    assert [pair.is_same for pair in found.pairs] == [True, False]
    assert len(found.samples) == 3
    assert dict(found.problems.counts) == {"file missing": 1, "label unreadable": 1}
    (tmp_path / "p.csv").write_text(
        "one,other,same\nAnn/Ann_0001.jpg,Bob/Bob_0001.jpg,0\nAnn/Ann_0001.jpg,Ann/Ann_0002.jpg,1\n"
    )
    found = read_data(tmp_path / "p.csv", "embed")
    assert [pair.is_same for pair in found.pairs] == [False, True]


def test_texts(tmp_path: Path) -> None:
    """A text beside each picture, or a list of them."""
    for name in ("a", "b", "c"):
        picture(tmp_path / f"{name}.png")
    (tmp_path / "a.txt").write_text("héllo wörld\n", encoding="utf-8")
    (tmp_path / "b.gt.txt").write_text("two")
    (tmp_path / "lost.txt").write_text("x")
    found = read_data(tmp_path, "text")
    assert [s.truth for s in found.samples] == ["héllo wörld", "two"]
    assert dict(found.problems.counts) == {"label missing": 1, "file missing": 1}
    (tmp_path / "labels.txt").write_text('a.png, "A b"\nb.png\tB\nc.png C d\nno.png x\na.png y\n')
    found = read_data(tmp_path, "text")
    assert [s.truth for s in found.samples] == ["A b", "B", "C d"]
    assert dict(found.problems.counts) == {"file missing": 1, "label twice": 1}


def test_arrays(tmp_path: Path) -> None:
    """Numbers, one-hot rows or names; other names and lengths are refused."""
    x = np.zeros((3, 4, 4, 3), np.uint8)
    for y, classes in (
        (np.array([0, 2, 1]), ("0", "1", "2")),
        (np.eye(3)[[0, 2, 1]], ("0", "1", "2")),
        (np.array(["b", "a", "b"]), ("a", "b")),
    ):
        np.savez(tmp_path / "d.npz", x_test=x, y_test=y)
        assert read_data(tmp_path / "d.npz", "classify").classes == classes
    np.savez(tmp_path / "d.npz", x=x, y=np.zeros(2))
    with pytest.raises(InputError, match="3 inputs and 2 truths"):
        read_data(tmp_path / "d.npz", "classify")
    np.savez(tmp_path / "d.npz", pictures=x)
    with pytest.raises(InputError, match=r"holds pictures\. Give the inputs the name x"):
        read_data(tmp_path / "d.npz", "classify")


def test_what_is_no_data_is_refused(tmp_path: Path) -> None:
    """With the forms that the task takes."""
    with pytest.raises(InputError, match=r"no labelled data for the task detect. Give COCO JSON"):
        read_data(tmp_path, "detect")
    with pytest.raises(InputError, match="does not exist"):
        read_data(tmp_path / "gone", "detect")
    with pytest.raises(UsageError, match="whose outputs have no meaning to measure"):
        read_data(tmp_path, "raw")
    (tmp_path / "t.csv").write_text("file,label\nno.png,cat\n")
    with pytest.raises(InputError, match="has no picture with a label"):
        read_data(tmp_path, "classify")
