"""Inputs as people have them: two pictures, clips, 16 bits, many channels, a picture and numbers.

Each model is fitted on drawn data, exported, and asked about files; the answers are compared with
those of its own Keras pipeline, on each engine and in a generated program on older OpenCVs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import InputError, MissingDependency, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import check, export
from keras2cv_export.matrix.environment import Environments
from support import input_models as models
from support.input_models import FRAMES, HEIGHT, WIDTH

Array = np.ndarray[Any, Any]
STRIDE, HOP = 2, 3
SPAN = (FRAMES - 1) * STRIDE + 1


@dataclass(frozen=True)
class Kind:
    """A bundle, files to ask it about, and Keras' own answers to them."""

    model: keras.Model
    bundle: Path
    words: tuple[str, ...]
    expected: Array
    given: Any

    def answers(self, records: list[Mapping[str, Any]]) -> Array:
        """Return the numbers in records of JSON."""
        return np.array([record.get("scores", record.get("values")) for record in records])


def twins(folder: Path) -> Kind:
    """Two pictures, prepared otherwise each, from two folders."""
    model, rng = models.twins(), np.random.default_rng(11)
    export(model, folder / "twins.cv", preprocess={"left": "caffe", "right": "tf"}, task="classify")
    given, inputs = [], []
    for side, size in (("left", (HEIGHT, WIDTH)), ("right", (HEIGHT - 4, WIDTH - 6))):
        (folder / side).mkdir()
        pictures = [models.drawn(rng, *size, level) for level in rng.uniform(0.4, 0.7, 3)]
        for k, picture in enumerate(pictures):
            cv2.imwrite(f"{folder / side}/{k}.png", picture[..., ::-1])
        given.append([picture[..., ::-1] for picture in pictures])
        inputs.append(np.stack(pictures))
    expected = model.predict(
        [models.caffe(inputs[0]), models.minus_one_to_one(inputs[1])], verbose=0
    )
    words = (f"left={folder / 'left'}", f"right={folder / 'right'}")
    samples = [{"left": one, "right": two} for one, two in zip(*given, strict=True)]
    return Kind(model, folder / "twins.cv", words, expected, samples)


def action(folder: Path) -> Kind:
    """Clips of a video without loss, with a stride and a hop."""
    model, rng = models.action(), np.random.default_rng(12)
    bundle = folder / "action.cv"
    export(model, bundle, preprocess="0-1", task="classify", stride=STRIDE, hop=HOP)
    video = models.moving(rng, True, 2 * SPAN)
    (folder / "frames").mkdir()
    for k, frame in enumerate(video):
        cv2.imwrite(f"{folder / 'frames'}/{k}.png", frame[..., ::-1])
    starts = range(0, len(video) - SPAN + 1, HOP)
    clips = np.stack([video[start : start + SPAN : STRIDE] for start in starts])
    expected = model.predict(clips / np.float32(255), verbose=0)
    frames = [frame[..., ::-1] for frame in video]
    return Kind(model, bundle, (str(folder / "frames"),), expected, frames)


def deep(folder: Path) -> Kind:
    """Scans that differ in their lower byte alone."""
    model, rng = models.deep(), np.random.default_rng(13)
    export(model, folder / "deep.cv", preprocess="0-1", task="regress", depth=16)
    scans = [models.low_bytes(rng, level) for level in (0.2, 0.5, 0.9)]
    words = []
    for k, scan in enumerate(scans):
        words.append(f"{folder}/{k}.{('png', 'tif', 'pgm')[k]}")
        cv2.imwrite(words[-1], scan)
    expected = model.predict(np.stack(scans) / np.float32(65535), verbose=0)
    return Kind(model, folder / "deep.cv", tuple(words), expected, scans)


def bands(folder: Path) -> Kind:
    """Pictures of five channels, in arrays and in the pages of a TIFF."""
    model, rng = models.bands(5), np.random.default_rng(14)
    export(model, folder / "bands.cv", preprocess="0-1", task="regress")
    pictures = rng.integers(0, 256, (3, HEIGHT, WIDTH, 5)).astype(np.uint8)
    np.save(folder / "0.npy", pictures[0])
    np.savez(folder / "1.npz", bands=pictures[1])
    pages = [np.ascontiguousarray(pictures[2][..., k]) for k in range(5)]
    cv2.imwritemulti(f"{folder}/2.tif", pages)
    words = tuple(str(folder / name) for name in ("0.npy", "1.npz", "2.tif"))
    expected = model.predict(pictures / np.float32(255), verbose=0)
    return Kind(model, folder / "bands.cv", words, expected, list(pictures))


def house(folder: Path) -> Kind:
    """A picture and numbers, two at a time."""
    model, rng = models.house(), np.random.default_rng(15)
    export(model, folder / "house.cv", preprocess="tf", task="regress", batch=2)
    photos = np.stack([models.drawn(rng, HEIGHT, WIDTH, level) for level in (0.2, 0.5, 0.9)])
    facts = rng.normal(size=(3, 4)).astype(np.float32)
    words: list[str] = []
    for k in range(3):
        cv2.imwrite(f"{folder}/{k}.png", photos[k][..., ::-1])
        np.save(folder / f"{k}.npy", facts[k])
        words += [f"photo={folder}/{k}.png", f"facts={folder}/{k}.npy"]
    expected = model.predict([models.minus_one_to_one(photos), facts], verbose=0)
    given = {"photo": [photo[..., ::-1] for photo in photos], "facts": facts}
    return Kind(model, folder / "house.cv", tuple(words), expected, given)


MAKERS: Mapping[str, Callable[[Path], Kind]] = {
    "twins": twins,
    "action": action,
    "deep": deep,
    "bands": bands,
    "house": house,
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Kind]:
    """Return every kind, fitted and exported once."""
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in MAKERS.items()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MAKERS)
def test_predict_answers_as_keras_does(kinds: Mapping[str, Kind], name: str, engine: str) -> None:
    """From what a user of Python has: images, frames, arrays."""
    kind = kinds[name]
    results: Any = keras2cv.load(kind.bundle, engine=engine).predict(kind.given)
    found = np.array([getattr(r, "scores", getattr(r, "values", None)) for r in results])
    np.testing.assert_allclose(found, kind.expected, atol=1e-4)


@pytest.mark.parametrize("name", MAKERS)
def test_run_answers_as_keras_does(
    kinds: Mapping[str, Kind], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From files, on the command line."""
    kind = kinds[name]
    assert main(["run", str(kind.bundle), *kind.words, "--json", str(tmp_path / "r.jsonl")]) == 0
    lines = (tmp_path / "r.jsonl").read_text("utf-8").splitlines()
    found = kind.answers([json.loads(line) for line in lines])
    np.testing.assert_allclose(found, kind.expected, atol=1e-4)
    capsys.readouterr()


@pytest.fixture(scope="module")
def programs(
    kinds: Mapping[str, Kind], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """Return a generated Python program for each kind."""
    folder = tmp_path_factory.mktemp("programs")
    for name, kind in kinds.items():
        words = ["codegen", str(kind.bundle), "--lang", "python", "-o", str(folder / name)]
        assert main(words) == 0
    return {name: folder / name / "predict.py" for name in kinds}


@pytest.mark.parametrize("version", ["4.6", "4.14"])
def test_generated_programs_answer_as_keras_does(
    kinds: Mapping[str, Kind], programs: Mapping[str, Path], version: str
) -> None:
    """On older OpenCVs, without keras2cv."""
    try:
        environments = Environments()
        made = environments.prepare(environments.resolve(version))
    except MissingDependency as error:
        pytest.skip(f"no environment with OpenCV {version} can be made here: {error}")
    for name, kind in kinds.items():
        ran = subprocess.run(
            [made.python, programs[name], kind.bundle, *kind.words, "--json"],
            capture_output=True,
            text=True,
            env={},
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        found = kind.answers([json.loads(line) for line in ran.stdout.splitlines()])
        np.testing.assert_allclose(found, kind.expected, atol=1e-4, err_msg=name)


def test_a_library_in_cpp_takes_each_kind(kinds: Mapping[str, Kind], tmp_path: Path) -> None:
    """Its class has what such a model needs, and nothing of the others."""
    members = {
        "twins": "image_inputs() const;",
        "action": "clip_frames() const;",
        "deep": "read_image(const std::string& path) const;",
        "bands": "drawable(const cv::Mat& image) const;",
    }
    for name in members:
        folder = tmp_path / name
        assert main(["codegen", str(kinds[name].bundle), "--lang", "cpp", "-o", str(folder)]) == 0
        (header,) = folder.glob("include/keras2cv/*.hpp")
        text = header.read_text("utf-8")
        found = [kind for kind, member in members.items() if member in text]
        assert found == ([name] if name != "bands" else ["deep", "bands"])  # both read their files


def test_a_videos_clips_have_their_place_and_time(
    kinds: Mapping[str, Kind], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames from and to, in JSON; pictures of a clip are its last frames."""
    video = models.moving(np.random.default_rng(16), False, SPAN + HOP)
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (80, 64))
    for frame in video:
        writer.write(cv2.resize(frame[..., ::-1], (80, 64)))
    writer.release()
    bundle = kinds["action"].bundle
    assert main(["run", str(bundle), str(path), "--json", "-", "--save", f"{tmp_path}/o.avi"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["frame"], r["last_frame"]) for r in records] == [
        (0, SPAN - 1),
        (HOP, SPAN - 1 + HOP),
    ]
    assert [r["source"] for r in records] == [f"{path}:000000-000010", f"{path}:000003-000013"]
    assert records[1]["time_s"] == pytest.approx(0.3)
    assert records[1]["last_time_s"] == pytest.approx(1.3)
    assert {r["label"] for r in records} == {"0"}
    assert cv2.VideoCapture(f"{tmp_path}/o.avi").get(cv2.CAP_PROP_FPS) == pytest.approx(10 / 3, 0.1)
    answers = list(keras2cv.stream(keras2cv.load(bundle), path))
    assert [(a.frame_number, a.last_frame_number) for a in answers] == [(0, 10), (3, 13)]


def test_videos_are_read_side_by_side(
    kinds: Mapping[str, Kind],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a stereo pair is; the longer one's rest is named, with exit code 2."""
    monkeypatch.chdir(tmp_path)
    for name, count in (("l", 3), ("r", 4)):
        writer = cv2.VideoWriter(f"{name}.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10, (80, 64))
        for k in range(count):
            writer.write(np.full((64, 80, 3), 60 + 30 * k, np.uint8))
        writer.release()
    words = ["run", str(kinds["twins"].bundle), "left=l.avi", "right=r.avi", "--json", "-"]
    assert main(words) == 2
    captured = capsys.readouterr()
    records = [json.loads(line) for line in captured.out.splitlines()]
    assert [r["source"] for r in records[:3]] == [
        f"left=l.avi right=r.avi:{k:06d}" for k in range(3)
    ]
    assert records[3]["error"].startswith("l.avi ends after 3, and r.avi goes on")


def test_another_hop_and_stride_may_be_given(
    kinds: Mapping[str, Kind], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To `run` and `stream`; a model without clips refuses them."""
    kind = kinds["action"]
    words = ["run", str(kind.bundle), *kind.words, "--stride", "1", "--hop", "8"]
    assert main([*words, "--json", f"{tmp_path}/r.jsonl"]) == 0
    count = len(range(0, 2 * SPAN - FRAMES + 1, 8))
    assert len((tmp_path / "r.jsonl").read_text("utf-8").splitlines()) == count
    model = keras2cv.load(kind.bundle)
    assert len(list(keras2cv.stream(model, *kind.words, stride=1, hop=8))) == count
    assert main(["run", str(kinds["deep"].bundle), *kinds["deep"].words, "--hop", "2"]) == 2
    assert "--hop cut videos into clips, and this model takes none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("twins", ["left/0.png"], "has the inputs left, right, and an image fills only one. It "),
        ("twins", ["left=left/0.png"], "got ['left'] (1 of 2)"),
        (
            "twins",
            ["left=left", "right=lone"],
            "left holds 3 and lone holds 1 files, and 2 of them",
        ),
        ("twins", ["left=left", "right=right/0.png"], "is a folder, and right=right/0.png a file"),
        ("twins", ["left=left/0.png", "right=f.npy"], "An image must be"),
        ("action", ["short"], f"has 4 frames, and a clip covers {SPAN} frames ({FRAMES} of them"),
        ("action", ["mixed"], "of one size, got 20x16 and 30x20 pixels"),
        ("deep", ["float.npy"], "must be (N, 16, 20, 1) float32, got (16, 20)"),
        ("bands", ["left/0.png"], "left/0.png has 3 channels, and the model takes 5."),
        ("bands", ["four.npy"], "takes images of 5 channels, (H, W, 5), and got (16, 20, 4), of 4"),
        ("house", ["photo=left/0.png"], "got ['photo'] (1 of 2)"),
    ],
)
def test_bad_input_is_one_sentence(
    kinds: Mapping[str, Kind],
    name: str,
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With both numbers, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    for folder, count in (("left", 3), ("right", 3), ("lone", 1), ("short", 4), ("mixed", SPAN)):
        (tmp_path / folder).mkdir()
        for k in range(count):
            size = (20, 30) if folder == "mixed" and k == 2 else (HEIGHT, WIDTH)
            cv2.imwrite(f"{folder}/{k}.png", np.full((*size, 3), 90 + k, np.uint8))
    np.save("f.npy", np.ones(4, np.float32))
    np.save("float.npy", np.ones((HEIGHT, WIDTH), np.float32))
    np.save("four.npy", np.ones((HEIGHT, WIDTH, 4), np.uint8))
    assert main(["run", str(kinds[name].bundle), *words]) == 2
    assert sentence in capsys.readouterr().err


def test_8_bits_for_16_are_defined_and_said(
    kinds: Mapping[str, Kind], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By files and by arrays alike: times 257, as TensorFlow reads them."""
    picture = np.random.default_rng(17).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
    cv2.imwrite(f"{tmp_path}/8.png", picture)
    kind = kinds["deep"]
    wide = picture.astype(np.float32)[None, ..., None] * 257 / np.float32(65535)
    expected = kind.model.predict(wide, verbose=0)
    loaded = keras2cv.load(kind.bundle)
    for given in (picture, f"{tmp_path}/8.png"):
        result: Any = loaded.predict(given)
        np.testing.assert_allclose(result.values, expected[0], rtol=1e-4)
    assert main(["run", str(kind.bundle), f"{tmp_path}/8.png"]) == 0
    assert "1 picture has 8 bits a channel, and the model takes 16" in capsys.readouterr().err


def test_check_compares_the_pictures_of_every_input(
    kinds: Mapping[str, Kind], tmp_path: Path
) -> None:
    """A fault in the second one's preprocessing is found and named."""
    kind = kinds["twins"]
    right = check(kind.bundle, kind.model, engine=ENGINES[-1])
    assert right.verdict == "pass", right.reasons
    assert [name for name, _ in right.walks] == ["left", "right"]
    manifest = json.loads((kind.bundle / "manifest.json").read_text("utf-8"))
    manifest["more_pictures"][0] |= {"mean": [100.0] * 3, "source": "file"}
    changed = tmp_path / "changed.cv"
    changed.mkdir()
    for file in kind.bundle.iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    (changed / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    wrong = check(changed, kind.model, engine=ENGINES[-1], reference_preprocess="tf")
    assert wrong.verdict == "fail"
    assert any(reason.startswith("right: normalise:") for reason in wrong.reasons)


def _exchanged(manifest: dict[str, Any]) -> None:
    one, two = manifest["preprocessing"], manifest["more_pictures"][0]
    for key in ("color", "mean", "scale", "std", "source"):
        one[key], two[key] = two[key], one[key]


def _of_another_mean(manifest: dict[str, Any]) -> None:
    manifest["preprocessing"]["mean"] = [1.0] * 5


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [("twins", _exchanged, "left, right"), ("bands", _of_another_mean, "bands")],
)
def test_the_bundle_s_own_pictures_show_other_rules(
    kinds: Mapping[str, Kind], name: str, change: Any, found: str, tmp_path: Path
) -> None:
    """Where the manifest alone says how pictures are prepared; `selftest` compares them too."""
    kind, folder = kinds[name], tmp_path / "changed.cv"
    rows = keras2cv.run_selftest(keras2cv.load(kind.bundle)).rows
    assert {f"blob of {n}" for n in found.split(", ")} <= {row.output for row in rows}
    assert all(row.passed for row in rows)
    shutil.copytree(kind.bundle, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = check(folder, kind.model, engine=ENGINES[-1])
    assert report.verdict == "fail"
    for one in found.split(", "):
        assert f"selftest.npz holds another blob of {one} for its picture" in str(report.reasons)


@pytest.mark.parametrize("name", ["action", "deep"])
def test_check_walks_clips_and_16_bits(kinds: Mapping[str, Kind], name: str) -> None:
    """From the file to the answer, beside the libraries themselves."""
    report = check(kinds[name].bundle, kinds[name].model, engine=ENGINES[-1], speed=True)
    assert report.verdict == "pass", report.reasons
    assert [s.name for s in report.walks[0][1].stages] == ["decode", "resize", "normalise", "net"]
    clips = f"clips: not compared (stride {STRIDE}, hop {HOP})"
    assert (clips in report.not_compared) is (name == "action")


def test_arrays_by_the_inputs_names_are_evaluated(
    kinds: Mapping[str, Kind], tmp_path: Path
) -> None:
    """Of a model with several inputs: an .npz of the inputs and y, pictures as Keras has them."""
    kind = kinds["house"]
    photos = np.stack([photo[..., ::-1] for photo in kind.given["photo"]])
    np.savez(tmp_path / "d.npz", photo=photos, facts=kind.given["facts"], y=kind.expected)
    found = keras2cv.evaluate(kind.bundle, tmp_path / "d.npz")
    assert found.count == 3
    assert found.metrics["mae"] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"preprocess": {"middle": "tf"}},
            r"names the input 'middle', and the model's are left, r",
        ),
        ({"preprocess": {"left": "sepia"}}, "There is no preprocessing 'sepia'"),
        ({"preprocess": "tf", "stride": 2}, "are for clips"),
        ({"preprocess": "tf", "depth": 12}, "depth must be 8 or 16, and is 12"),
        ({"preprocess": "caffe", "depth": 16}, "caffe subtracts a mean of 8-bit pixels"),
        ({"depth": 16, "task": "raw"}, "this bundle takes arrays"),
    ],
)
def test_options_that_contradict_the_inputs_are_refused(
    kinds: Mapping[str, Kind], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError, match=message):
        export(kinds["twins"].model, tmp_path / "x.cv", **options)
    assert not (tmp_path / "x.cv").exists()


def test_a_window_of_another_length_is_refused(kinds: Mapping[str, Kind], tmp_path: Path) -> None:
    """With both numbers."""
    with pytest.raises(UsageError, match=rf"window of 9 frames .* which takes {FRAMES}"):
        export(kinds["action"].model, tmp_path / "x.cv", preprocess="0-1", window=9)
    loaded = keras2cv.load(kinds["action"].bundle)
    with pytest.raises(InputError, match=f"covers {SPAN} frames .* only 3"):
        loaded.predict([np.zeros((9, 9, 3), np.uint8)] * 3)
