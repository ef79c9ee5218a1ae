"""JavaScript programs: every golden case in Node and in Chromium, on opencv.js 4 and 5."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.codegen import generate
from keras2cv.evaluation.data.segmentations import decode_runs
from support.belonging_bundles import BELONGING_BUNDLES
from support.browser import LOOKS, Look, problems_of
from support.golden import assert_answers, cases_for, write_cases
from support.head_bundles import HEAD_BUNDLES
from support.npm_packages import OPENCV_JS, package, run_node
from support.pixel_bundles import CATS_AND_DOGS, INPUT_BUNDLES, write_samples
from support.program_bundles import BUNDLES, SPOILT, classifier, expected_samples, write_images
from support.special_bundles import SPECIAL_BUNDLES
from support.tiny_bundle import Classifier
from support.visits import visit

HERE: Final = Path(__file__).parents[1] / "support" / "js"
VERSIONS: Final = tuple(OPENCV_JS)
# opencv.js cannot switch the fusion of layers off, which this one was verified without.
REFUSED: Final = {"classic engine": "without layer fusion"}

Case = Mapping[str, Any]


@pytest.fixture(scope="session")
def programs(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a program for each golden case, by its number."""
    folder = tmp_path_factory.mktemp("programs")
    for number, case in enumerate(cases_of(golden)):
        generate(read_bundle(golden.parent / case["bundle"]), "js", folder / str(number))
    return folder


@lru_cache(maxsize=1)
def cases_of(golden: Path) -> list[Case]:
    """Return the golden cases that JavaScript does."""
    return cases_for(golden, "js")


@lru_cache(maxsize=1)
def read_golden(golden: Path) -> Mapping[str, Any]:
    """Return all of `cases.json`, which is large."""
    return dict(json.loads(golden.read_text(encoding="utf-8")))


def job(golden: Path, case: Case, program: object, root: object) -> dict[str, Any]:
    """Return what run_cases.mjs is to do for a case.

    Args:
        golden: `cases.json`.
        case: One of them.
        program: The program's folder, or its URL.
        root: The folder of `cases.json`, or its URL.
    """
    pictures = read_golden(golden)["pictures"]

    def source(value: Mapping[str, Any]) -> dict[str, Any]:
        if "array" in value:
            return {"array": f"{root}/{value['array']}"}
        if "clip" in value:
            return {"frames": [source({"picture": name}) for name in value["clip"]]}
        picture = pictures[value["picture"]]
        return {**picture, "pixels": f"{root}/{picture['pixels']}"}

    samples = [{n: source(v) for n, v in s["inputs"].items()} for s in case["samples"]]
    record = {"program": str(program), "bundle": f"{root}/{case['bundle']}", "samples": samples}
    last = case["samples"][-1]
    if "drawn" in last:
        record["drawn"] = f"{root}/{pictures[last['drawn_on']]['file']}"
    return record


def answer_in_node(version: str, jobs: Sequence[Any], folder: Path) -> list[dict[str, Any]]:
    """Return a record per job."""
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    run = run_node(HERE / "run_cases.mjs", package(OPENCV_JS[version]), folder / "jobs.json")
    assert (run.stderr, run.returncode) == ("", 0)
    return [json.loads(line) for line in run.stdout.splitlines()]


def answer_in_browser(
    version: str, jobs: Sequence[Any], folders: Mapping[str, Path], folder: Path
) -> list[dict[str, Any]]:
    """Return a record per job.

    Args:
        version: Of opencv.js.
        jobs: What to do.
        folders: What the server has, by the first part of a path.
        folder: For files.
    """
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    served = {**folders, "js": HERE, "opencv": package(OPENCV_JS[version]), "jobs": folder}
    query = urlencode({"opencv": "/opencv/dist/opencv.js", "jobs": "/jobs/jobs.json"})
    # All cases in one page: 200 took 230 s on two cores that others used too.
    *records, last = visit(f"js/run_cases.html?{query}", served, timeout_s=300 + 3 * len(jobs))
    assert last == {"done": True}
    return records


def assert_golden(records: Sequence[Mapping[str, Any]], cases: Sequence[Case]) -> None:
    """Raise unless every record has its case's answers, or the known refusal."""
    for record, case in zip(records, cases, strict=True):
        if words := REFUSED.get(case["name"]):
            assert words in record["error"]
            continue
        assert "error" not in record, (case["name"], record)
        assert_answers(record["answers"], case)
        assert len(record["lines"]) == len(case["samples"])
        assert record["warning"] is None


# Which cases a version answers: all of them where there is time.
PARTS: Final = [
    pytest.param("5.0", slice(None), id="5.0"),
    pytest.param("4.12", slice(0, None, 4), id="some-4.12"),
    pytest.param("4.12", slice(None), id="4.12", marks=pytest.mark.slow),
]
PARTS_IN_BROWSER: Final = [
    pytest.param("5.0", slice(1, None, 4), id="some-5.0"),
    pytest.param("4.12", slice(3, None, 8), id="some-4.12"),
    pytest.param("5.0", slice(None), id="5.0", marks=pytest.mark.slow),
    pytest.param("4.12", slice(None), id="4.12", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("version", "part"), PARTS)
def test_a_module_answers_golden_cases_in_node(
    version: str, part: slice, golden: Path, programs: Path, tmp_path: Path
) -> None:
    """Every number of every answer is the runtime's to 1e-5: every task, rule and interpolation."""
    cases = cases_of(golden)
    jobs = [job(golden, c, programs / str(i), golden.parent) for i, c in enumerate(cases)][part]
    records = answer_in_node(version, jobs, tmp_path)
    assert_golden(records, cases[part])
    assert records[0]["build"]["version"].startswith(version)
    assert (records[0]["build"]["simd"], records[0]["build"]["threads"]) == (False, False)


@pytest.mark.parametrize(("version", "part"), PARTS_IN_BROWSER)
def test_a_module_answers_golden_cases_in_a_browser(
    version: str, part: slice, golden: Path, programs: Path, tmp_path: Path
) -> None:
    """The same in Chromium; pictures are drawn as keras2cv does, but for other letters."""
    cases = cases_of(golden)
    jobs = [job(golden, c, f"/programs/{i}", "/golden") for i, c in enumerate(cases)][part]
    folders = {"golden": golden.parent, "programs": programs}
    records = answer_in_browser(version, jobs, folders, tmp_path)
    assert_golden(records, cases[part])
    for record, case in zip(records, cases[part], strict=True):
        if "drawn" in record:
            assert_drawn(record["drawn"], golden.parent / case["samples"][-1]["drawn"], case)


def assert_drawn(url: str, expected: Path, case: Case) -> None:
    """Raise unless a picture is the golden one but for its texts, which have another font.

    Texts are half as large again, and of sixty boxes that overlap each other some lie elsewhere.
    """
    data = np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8)
    picture, golden = cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.imread(str(expected))
    assert picture is not None
    assert golden is not None
    assert picture.shape == golden.shape
    differs = (np.abs(picture.astype(int) - golden) > 2).any(axis=2).mean()
    is_plain, is_text = case["task"] == "image", case["name"] == "every step of a tail"
    assert differs <= (0 if is_plain else 1 if is_text else 0.15), case["name"]


def test_a_spoilt_bundle_is_one_sentence(tmp_path: Path) -> None:
    """Missing, altered, too new, or of another kind: what is wrong, and what to do."""
    bundle = classifier()(tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    jobs = []
    for how, (spoil, _) in SPOILT.items():
        copy = tmp_path / how / "cat.cv"
        shutil.copytree(bundle.folder, copy)
        spoil(copy)
        record = {"pixels": str(tmp_path / "picture.npy"), "size_wh": (7, 5)}
        jobs.append(
            {"program": str(tmp_path / "program"), "bundle": str(copy), "samples": [{"x": record}]}
        )
    np.save(tmp_path / "picture.npy", np.zeros((5, 7, 3), np.uint8))
    records = answer_in_node("5.0", jobs, tmp_path)
    for record, (how, (_, words)) in zip(records, SPOILT.items(), strict=True):
        assert words in record["error"], how
        assert record["error"].startswith("PredictError: ")
        assert "\n" not in record["error"]


def test_an_altered_model_and_wrong_samples_are_one_sentence(tmp_path: Path) -> None:
    """A model with another sha256; an array that is missing or of another length; no picture."""
    bundle = INPUT_BUNDLES["an image and vectors"](tmp_path / "price.cv")
    generate(bundle, "js", tmp_path / "program")
    altered = tmp_path / "altered.cv"
    shutil.copytree(bundle.folder, altered)
    data = bytearray((altered / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (altered / "model.onnx").write_bytes(data)
    np.save(tmp_path / "picture.npy", np.zeros((5, 7, 3), np.uint8))
    np.save(tmp_path / "four.npy", np.zeros(4, np.float32))
    np.save(tmp_path / "five.npy", np.zeros(5, np.float32))
    picture = {"pixels": str(tmp_path / "picture.npy"), "size_wh": (7, 5)}
    four, five = ({"array": str(tmp_path / f"{name}.npy")} for name in ("four", "five"))
    whole = {"photo": picture, "facts": four, "weights": four}
    tries = [
        (altered, whole, "model.onnx is not the file that was verified: its sha256 is"),
        (bundle.folder, {**whole, "facts": five}, "facts takes 4 numbers for a sample, got 5"),
        (bundle.folder, {"photo": picture, "facts": four}, "no array of numbers for the input we"),
        (bundle.folder, {**whole, "photo": four}, "A picture must be an ImageData"),
    ]
    program = str(tmp_path / "program")
    jobs = [{"program": program, "bundle": str(b), "samples": [s]} for b, s, _ in tries]
    for record, (_, _, words) in zip(answer_in_node("5.0", jobs, tmp_path), tries, strict=True):
        assert record["error"].startswith("PredictError: ")
        assert words in record["error"]


# What a later bundle may say, in the place of which key, and the module's sentence.
SAYS_MORE: Final = {
    "16 bits": (("preprocessing", "depth"), 16, "preprocessing.depth is unknown to this program"),
    "a clip": (("preprocessing", "clip"), {}, "preprocessing.clip is unknown to this program"),
    "two pictures": (("more_pictures",), [], "manifest.json: more_pictures is unknown to this"),
    "states": (("states",), [], "manifest.json: states is unknown to this program"),
    "a tail": (("tail",), {}, "manifest.json: tail is unknown to this program"),
    "a head": (("task", "detect", "head"), {}, "task.detect.head is unknown to this program"),
    "masks": (("task", "detect", "masks"), {}, "task.detect.masks is unknown to this program"),
    "classes": (("task", "detect", "multi_label"), 1, "task.detect.multi_label is unknown to"),
    "a new key": (("task", "wisdom"), 1, "task.wisdom is unknown to this program"),
}


def test_a_bundle_that_says_more_than_a_module_reads_is_one_sentence(tmp_path: Path) -> None:
    """A later bundle in the old one's place is never misread."""
    bundle = CATS_AND_DOGS(tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    np.save(tmp_path / "picture.npy", np.zeros((5, 7, 3), np.uint8))
    sample = {"x": {"pixels": str(tmp_path / "picture.npy"), "size_wh": (7, 5)}}
    jobs = []
    for how, (keys, value, _) in SAYS_MORE.items():
        copy = tmp_path / how / "cat.cv"
        shutil.copytree(bundle.folder, copy)
        add_to_manifest(copy, keys, value)
        program = str(tmp_path / "program")
        jobs.append({"program": program, "bundle": str(copy), "samples": [sample]})
    records = answer_in_node("5.0", jobs, tmp_path)
    for record, (how, (_, _, words)) in zip(records, SAYS_MORE.items(), strict=True):
        assert words in record["error"], how
        assert record["error"].startswith("PredictError: ")
        assert "\n" not in record["error"]


def add_to_manifest(bundle: Path, keys: Sequence[str], value: Any) -> None:
    """Give a bundle's manifest another key, at the end of a path of keys."""
    path = bundle / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    place = record
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    ("written_for", "given", "words"),
    [
        (
            "head: YOLOv8",
            "head: SSD",
            "The bundle's head has the form offsets, this program is for",
        ),
        ("a mask per box", "masks of prototypes", "task.detect.masks.coefficients is unknown"),
        ("rotated boxes", "keypoints of boxes", "task.detect.points is unknown to this program"),
        ("16 bits", "a clip", "preprocessing.clip is unknown to this program"),
        ("two pictures", "three pictures, one of them gray", "has no "),
        ("four channels, RGBA", "five channels", "preprocessing.color must be one of GRAY,RGB"),
    ],
)
def test_a_module_refuses_the_bundles_of_others(
    written_for: str, given: str, words: str, tmp_path: Path
) -> None:
    """With another head, belonging or picture."""
    write = {**HEAD_BUNDLES, **joined(BELONGING_BUNDLES), **joined(SPECIAL_BUNDLES)}
    generate(write[written_for](tmp_path / "own.cv"), "js", tmp_path / "program")
    golden = write_cases(tmp_path / "cases", [given])
    jobs = [job(golden, c, tmp_path / "program", golden.parent) for c in cases_of(golden)]
    (record,) = answer_in_node("5.0", jobs, tmp_path)
    assert words in record["error"]
    assert record["error"].startswith("PredictError: ")


def joined(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the writers of all groups."""
    return {name: write for group in groups.values() for name, write in group.items()}


def test_wrong_special_pictures_are_one_sentence(tmp_path: Path) -> None:
    """One picture where two are needed, a clip of another length or size, channels too few."""
    np.save(tmp_path / "picture.npy", np.zeros((5, 7, 3), np.uint8))
    np.save(tmp_path / "other.npy", np.zeros((6, 7, 3), np.uint8))
    picture = {"pixels": str(tmp_path / "picture.npy"), "size_wh": (7, 5)}
    other = {"pixels": str(tmp_path / "other.npy"), "size_wh": (7, 6)}
    tries: list[tuple[str, dict[str, Any], str]] = [
        ("two pictures", {"left": picture, "nothing": picture}, "no picture for the input right"),
        ("a clip", {"clip": {"frames": [picture] * 2}}, "A clip covers 3 frames, got 2"),
        ("a clip", {"clip": {"frames": [picture] * 4}}, "A clip covers 3 frames, got 4"),
        ("a clip", {"clip": {"frames": [picture, other, picture]}}, "of one size, got 7x5 and 7x6"),
        ("a clip", {"clip": picture}, "A clip for clip must be a list of frames"),
        ("five channels", {"bands": picture}, "with 5 channels of 8 or 16 bits, got 4 channels"),
    ]
    jobs = []
    for number, (name, sample, _) in enumerate(tries):
        bundle = joined(SPECIAL_BUNDLES)[name](tmp_path / f"{number}.cv")
        generate(bundle, "js", tmp_path / f"program{number}")
        program = str(tmp_path / f"program{number}")
        jobs.append({"program": program, "bundle": str(bundle.folder), "samples": [sample]})
    for record, (_, _, words) in zip(answer_in_node("5.0", jobs, tmp_path), tries, strict=True):
        assert words in record["error"]
        assert record["error"].startswith("PredictError: ")


def test_a_mask_has_its_pixels(tmp_path: Path) -> None:
    """Those of the Python runtime, from the run lengths that an answer has."""
    golden = write_cases(tmp_path / "cases", ["masks of prototypes", "a mask per box"])
    program = tmp_path / "program"
    bundle = golden.parent / cases_of(golden)[0]["bundle"]
    generate(read_bundle(bundle), "js", program)
    masks = [
        detection["mask"]
        for case in cases_of(golden)
        for sample in case["samples"]
        for detection in sample["answer"]["detections"]
    ]
    (tmp_path / "masks.json").write_text(json.dumps(masks), encoding="utf-8")
    script = f"""
      import {{ maskPixels }} from "{(program / "masks.js").as_uri()}";
      import {{ readFileSync }} from "node:fs";
      const masks = JSON.parse(readFileSync("{tmp_path}/masks.json"));
      console.log(JSON.stringify(masks.map((mask) => [...maskPixels(mask)])));
    """
    (tmp_path / "masks.mjs").write_text(script, encoding="utf-8")
    run = run_node(tmp_path / "masks.mjs", tmp_path)
    assert run.returncode == 0, run.stderr
    for mask, pixels in zip(masks, json.loads(run.stdout), strict=True):
        assert np.array_equal(decode_runs(mask), np.reshape(pixels, mask["size"]))


def test_a_module_warns_of_an_unverified_bundle(tmp_path: Path) -> None:
    """It predicts, and says that nothing compared the bundle with TensorFlow."""
    tiny = Classifier()
    manifest = tiny.manifest().replace(status="unverified", evidence=None)
    bundle = write_bundle(tmp_path / "cat.cv", manifest, {"model.onnx": tiny.onnx()})
    generate(bundle, "js", tmp_path / "program")
    np.save(tmp_path / "picture.npy", np.zeros((5, 7, 3), np.uint8))
    picture = {"pixels": str(tmp_path / "picture.npy"), "size_wh": (7, 5)}
    samples = [{"photo": picture}]
    jobs = [
        {"program": str(tmp_path / "program"), "bundle": str(bundle.folder), "samples": samples}
    ]
    (record,) = answer_in_node("4.12", jobs, tmp_path)
    assert record["warning"].startswith("The bundle is unverified")
    assert len(record["answers"]) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_too_little_memory_is_one_sentence(version: str, tmp_path: Path) -> None:
    """OpenCV's own error says how much it wanted; the module's says what to do."""
    bundle = classifier()(tmp_path / "cat.cv")
    program = tmp_path / "program"
    generate(bundle, "js", program)
    run = run_node(HERE / "ask_too_much.mjs", package(OPENCV_JS[version]), program)
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout.startswith("PredictError: There is no memory to run the model: ")


def use_page(
    bundle: Path,
    program: Path,
    tmp_path: Path,
    files: Sequence[Path] = (),
    *flags: str,
    answers: int | None = None,
) -> dict[str, Any]:
    """Open a program's page, give it files, press its camera's button if there are flags.

    Args:
        bundle: The bundle's folder.
        program: The program's folder.
        tmp_path: Where the files lie.
        files: What is given, in one field or one each.
        *flags: Of the browser.
        answers: How many there will be; None for one of each file, or of all fields.
    """
    query = {
        "page": "/program/index.html",
        "opencv": "/opencv/dist/opencv.js",
        "bundle": "/bundle",
        "files": ",".join(f"/files/{path.name}" for path in files),
        "answers": "" if answers is None else str(answers),
        "camera": "1" if flags else "",
    }
    folders = {
        "program": program,
        "bundle": bundle,
        "files": tmp_path,
        "js": HERE,
        "opencv": package(OPENCV_JS["5.0"]),
    }
    (record,) = visit(f"js/page.html?{urlencode(query)}", folders, *flags)
    assert "error" not in record, record
    return dict(record)


def test_a_page_answers_for_files(tmp_path: Path) -> None:
    """Each picture is decoded and drawn with its answer; what is no picture is one sentence."""
    bundle = classifier()(tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    paths = write_images(tmp_path)[:2]
    alpha = np.dstack([cv2.imread(str(paths[0])), np.arange(67 * 41).reshape(41, 67) % 256])
    assert cv2.imwrite(str(tmp_path / "alpha.png"), alpha.astype(np.uint8))
    (tmp_path / "words.png").write_text("not a picture", encoding="utf-8")
    given = [*paths, tmp_path / "alpha.png", tmp_path / "words.png"]
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, given)
    assert record["status"] == "Ready: OpenCV 5.0.0, no SIMD, one thread."
    assert not record["isProblem"]
    *shown, problem = record["shown"]
    model = keras2cv.load(bundle.folder)
    for one, path in zip(shown, given, strict=False):
        result: Any = model.predict(cv2.imread(str(path)))  # which drops alpha, as the page does
        best = ", ".join(f"{label} {score:.4f}" for label, _, score in result.top(3))
        assert one["text"].startswith(f"{path.name}: {best} (")
        assert one["size"] == [s * factor_of(path) for s in cv2.imread(str(path)).shape[1::-1]]
    assert problem["text"].startswith("words.png cannot be decoded as a picture. ")
    assert problem["isProblem"]


def factor_of(path: Path) -> int:
    """Return by how much a small picture is enlarged before it is drawn on."""
    return -(-160 // min(cv2.imread(str(path)).shape[:2]))


def test_a_page_takes_a_file_for_each_input(tmp_path: Path) -> None:
    """A picture and arrays give keras2cv's answer."""
    bundle = INPUT_BUNDLES["an image and vectors"](tmp_path / "price.cv")
    generate(bundle, "js", tmp_path / "program")
    words = write_samples(tmp_path, bundle, 1)
    files = [Path(word.partition("=")[2]) for word in words]
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, files)
    (expected,) = expected_samples(bundle, words)
    (shown,) = record["shown"]
    assert not shown["isProblem"], shown
    found = shown["text"].partition(": ")[2].partition(" (")[0].split(", ")
    assert [word.split()[0] for word in found] == expected["labels"]
    values = [float(word.split()[1]) for word in found]
    np.testing.assert_allclose(values, expected["values"], atol=1e-5)


@pytest.mark.parametrize("name", ["two pictures", "a clip", "16 bits", "five channels"])
def test_a_page_takes_special_pictures(name: str, tmp_path: Path) -> None:
    """Several pictures, the frames of a clip, a PNG of 16 bits, and channels in an .npy file."""
    golden = write_cases(tmp_path / "cases", [name])
    (case,), pictures = cases_of(golden), read_golden(golden)["pictures"]
    bundle = golden.parent / case["bundle"]
    generate(read_bundle(bundle), "js", tmp_path / "program")
    names = [
        shown
        for value in case["samples"][0]["inputs"].values()
        for shown in value.get("clip", [value.get("picture")])
    ]
    files = list[Path]()
    for number, shown in enumerate(names):
        file = golden.parent / pictures[shown]["file"]
        files.append(tmp_path / f"file{number}{file.suffix}")
        shutil.copy(file, files[-1])
    record = use_page(bundle, tmp_path / "program", tmp_path, files, answers=1)
    *_, shown = record["shown"]
    assert not shown["isProblem"], shown
    values = [
        float(value) for value in shown["text"].partition(": ")[2].partition(" (")[0].split(", ")
    ]
    expected = case["samples"][0]["answer"]["values"]
    np.testing.assert_allclose(values, expected, atol=1e-5)


def test_a_page_says_that_a_clip_is_too_short(tmp_path: Path) -> None:
    """With both numbers."""
    bundle = joined(SPECIAL_BUNDLES)["a clip"](tmp_path / "clip.cv")
    generate(bundle, "js", tmp_path / "program")
    files = write_images(tmp_path)[:2]
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, files, answers=0)
    assert record["status"] == "A clip covers 3 frames, and there are only 2. Choose more."


def test_a_page_shows_a_camera(tmp_path: Path) -> None:
    """Chromium's test picture is answered for; where a camera is refused, one sentence says so."""
    bundle = classifier()(tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, (), *fake)
    assert record["camera"].startswith("camera: ")
    assert record["button"] == "Camera"
    refused = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, (), *refused)
    assert record["camera"].startswith("The browser refuses the camera. Allow it ")


def test_a_page_makes_clips_of_a_camera(tmp_path: Path) -> None:
    """It waits for as many frames as one covers."""
    bundle = joined(SPECIAL_BUNDLES)["every second frame, letterbox"](tmp_path / "clip.cv")
    generate(bundle, "js", tmp_path / "program")
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    record = use_page(bundle.folder, tmp_path / "program", tmp_path, (), *fake)
    name, *values = record["camera"].replace(" (", ", ").replace(": ", ", ").split(", ")
    assert (name, len(values)) == ("camera", 5)
    assert record["button"] == "Camera"


def test_a_page_names_the_fault_of_its_bundle(tmp_path: Path) -> None:
    """No bundle at the address: the page says so, and takes no pictures."""
    bundle = classifier()(tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    (tmp_path / "empty").mkdir()
    record = use_page(tmp_path / "empty", tmp_path / "program", tmp_path)
    assert record["isProblem"]
    assert record["status"].startswith("This is not a bundle: it has no manifest.json. ")


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "print"])
@pytest.mark.parametrize("kind", ["stretch", "an image and vectors"])
def test_a_page_reads_in_a_browser(kind: str, look: Look, tmp_path: Path) -> None:
    """Axe finds no problem, and nothing is wider than a phone."""
    bundle = {**BUNDLES, **INPUT_BUNDLES}[kind](tmp_path / "cat.cv")
    generate(bundle, "js", tmp_path / "program")
    page = (tmp_path / "program" / "index.html").read_text(encoding="utf-8")
    found = problems_of(page, look, tmp_path)
    assert not [problem for problems in found.values() for problem in problems]


TYPES: Final = "predictor.d.ts"
ESLINT: Final = """\
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  { files: ["**/worker.js"], languageOptions: { sourceType: "script" } },
];
"""


def test_linters_find_nothing(programs: Path, golden: Path, tmp_path: Path) -> None:
    """ESLint's recommended rules over programs of every kind, TypeScript over their types."""
    (tmp_path / "node_modules").symlink_to(package("eslint").parent)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "eslint.config.js").write_text(ESLINT, encoding="utf-8")
    different: dict[tuple[str, str], int] = {}  # the name and text of a file
    for number, _ in enumerate(cases_of(golden)):
        for path in [*(programs / str(number)).glob("*.js"), programs / str(number) / TYPES]:
            different.setdefault((path.name, path.read_text(encoding="utf-8")), number)
    for (name, text), number in different.items():
        folder = tmp_path / "programs" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    run = run_node("node_modules/eslint/bin/eslint.js", "programs", folder=tmp_path)
    assert (run.stdout + run.stderr, run.returncode) == ("", 0)
    types = sorted(path.relative_to(tmp_path) for path in tmp_path.glob(f"programs/*/{TYPES}"))
    options = ("--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom")
    run = run_node("node_modules/typescript/bin/tsc", *options, *types, folder=tmp_path)
    assert (run.stdout + run.stderr, run.returncode) == ("", 0)


def test_a_classifier_is_small_enough_to_own(programs: Path) -> None:
    """The module is below 500 lines of code; the page comes on top."""
    page = {"page.js", "worker.js", "client.js", "decode.js", "drawing.js"}
    files = [path for path in (programs / "0").glob("*.js") if path.name not in page]
    lines = [line.strip() for path in files for line in path.read_text("utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "/**", "* "))]
    assert len(code) < 500
