"""Lines of text, from an image file to its characters, against the models' own Keras pipelines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.cli import main
from keras2cv.codegen import generate
from keras2cv.errors import MissingDependency, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import export
from keras2cv_export.matrix.environment import Environments, runtime_copy
from support.ctc_layer import with_ctc_layer
from support.text_lines import (
    BLANK,
    CHARSET,
    HEIGHT,
    STEPS,
    WIDTH,
    columns_model,
    draw_lines,
    trained_columns,
    trained_sideways,
)

COUNT = 12
PREDICT = """\
import json, sys, cv2, keras2cv
model = keras2cv.load(sys.argv[1])
for path in sys.argv[2:]:
    print(json.dumps(model.predict(cv2.imread(path)).to_dict()))
"""
BEAM = {"decode": "beam", "beam_width": 20, "top_paths": 3}


@dataclass(frozen=True)
class Exported:
    """A bundle, the model that it was made of, and the pictures that both read."""

    model: Any
    bundle: Path
    pictures: tuple[Path, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def transposes(self) -> bool:
        """Whether the model reads pictures turned sideways."""
        return bool(self.model.input_shape[1] == WIDTH)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return gray PNGs of twice the input's size, and the digits on them."""
    folder = tmp_path_factory.mktemp("pictures")
    images, texts, _ = draw_lines(COUNT, 4321, scale=2)
    paths = tuple(folder / f"{number}.png" for number in range(COUNT))
    for path, image in zip(paths, images, strict=True):
        assert cv2.imwrite(str(path), image[..., 0])
    return paths, tuple(texts)


@pytest.fixture(scope="module")
def columns(pictures: Any, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a model of convolutions that ends in logits."""
    bundle = tmp_path_factory.mktemp("columns") / "digits.cv"
    report = export(
        trained_columns(), bundle, task="text", preprocess="0-1", interpolation="tf-bilinear",
        text={"charset": CHARSET, "blank": "last"},
    )  # fmt: skip
    return Exported(trained_columns(), bundle, *pictures, report.notes)


@pytest.fixture(scope="module")
def sideways(pictures: Any, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return Keras' OCR example: pictures turned sideways, LSTMs, [UNK], a layer with the loss."""
    folder = tmp_path_factory.mktemp("sideways")
    with_ctc_layer(trained_sideways()).save(folder / "ocr.keras")
    (folder / "characters.txt").write_text(CHARSET, encoding="utf-8")
    report = export(
        folder / "ocr.keras", folder / "ocr.cv", preprocess="0-1", interpolation="tf-bilinear",
        size=(WIDTH, HEIGHT), transpose_image=True, imports=["support.ctc_layer"],
        text={"charset": folder / "characters.txt", "blank": "last", **BEAM},
    )  # fmt: skip
    return Exported(trained_sideways(), folder / "ocr.cv", *pictures, report.notes)


def read_by_keras(found: Exported, **options: Any) -> tuple[list[list[str]], np.ndarray]:
    """Return texts [path][picture] and scores of the model's own pipeline, from the files on."""
    images = []
    for path in found.pictures:
        image = tf.io.decode_png(tf.io.read_file(str(path)), channels=1)
        image = tf.image.resize(image, (HEIGHT, WIDTH)) / 255
        images.append(tf.transpose(image, (1, 0, 2)) if found.transposes else image)
    predicted = found.model(tf.stack(images), training=False)
    logits = tf.math.log(predicted + keras.config.epsilon()) if found.transposes else predicted
    lengths = np.full(len(images), STEPS)
    decoded, scores = keras.ops.ctc_decode(
        logits, lengths, mask_index=logits.shape[-1] - 1, **options
    )
    names = (["[UNK]"] if found.transposes else []) + list(CHARSET)
    texts = [["".join(names[k] for k in row if k >= 0) for row in p] for p in np.array(decoded)]
    return texts, np.array(scores)


def run_lines(bundle: Path, pictures: Sequence[Path]) -> list[Any]:
    """Return the results of a bundle for each picture, in this process."""
    model = keras2cv.load(bundle)
    return [model.predict(cv2.imread(str(path))) for path in pictures]


def test_the_models_read_digits(columns: Exported, sideways: Exported) -> None:
    """So that what is compared below is text, and not noise."""
    for found, least in ((columns, 0.7), (sideways, 0.3)):
        texts, _ = read_by_keras(found)
        right = [a == b for a, b in zip(texts[0], found.texts, strict=True)]
        assert np.mean(right) >= least, texts[0]
        assert len(set(texts[0])) > COUNT // 2


@pytest.mark.parametrize("engine", ENGINES)
def test_greedy_text_is_keras_text(columns: Exported, engine: str) -> None:
    """On both engines, with the probability of the best path."""
    texts, _ = read_by_keras(columns)
    model = keras2cv.load(columns.bundle, engine=engine)
    for path, expected in zip(columns.pictures, texts[0], strict=True):
        result: Any = model.predict(cv2.imread(str(path)))
        assert isinstance(result, keras2cv.TextResult)
        assert result.text == expected
        assert "".join(c.text for c in result.characters) == expected
        assert 0 < result.score <= min((c.score for c in result.characters), default=1)
        assert result.step_count == STEPS
        ends = [end for c in result.characters for end in c.steps]
        assert ends == sorted(ends)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_beam_s_texts_are_keras_texts(sideways: Exported, engine: str) -> None:
    """All of them, in order, with their probabilities; the picture is turned sideways."""
    texts, scores = read_by_keras(sideways, strategy="beam_search", beam_width=20, top_paths=3)
    model = keras2cv.load(sideways.bundle, engine=engine)
    for n, path in enumerate(sideways.pictures):
        result: Any = model.predict(cv2.imread(str(path)))
        assert result.text == texts[0][n]
        near_ties = np.diff(scores[n]) > -1e-3  # which float32 may put in another order
        if not near_ties.any():
            assert [found.text for found in result.paths] == [found[n] for found in texts]
        shares = [found.score for found in result.paths]
        np.testing.assert_allclose(shares, np.exp(scores[n]), rtol=2e-3, atol=1e-5)


def test_what_serves_training_alone_is_dropped(sideways: Exported) -> None:
    """The labels are no input of the bundle, [UNK] is told, and the size is the upright image's."""
    (dropped,) = (n for n in sideways.notes if "training alone" in n)
    assert dropped.startswith("The input label serves training alone: no output depends on it")
    assert any("class 0 is taken for [UNK]" in note for note in sideways.notes)
    manifest = keras2cv.load(sideways.bundle).manifest
    rules = manifest.preprocessing
    assert [tensor.name for tensor in manifest.inputs] == ["image"]
    assert rules is not None
    assert (rules.size_wh, rules.transpose) == ((WIDTH, HEIGHT), True)
    assert manifest.inputs[0].net_shape == (1, 1, WIDTH, HEIGHT)


def test_an_array_goes_in_as_keras_takes_it(sideways: Exported) -> None:
    """`infer` takes the image (N, W, H, 1) alone, of any number of samples."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 1, (3, WIDTH, HEIGHT, 1)).astype(np.float32)
    (got,) = keras2cv.load(sideways.bundle).infer(x)
    np.testing.assert_allclose(got, np.array(sideways.model(x)), atol=1e-5)


@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("form", ["live", "h5", "savedmodel"])
def test_every_form_of_a_training_model_loses_its_labels(
    form: str, lengths: bool, tmp_path: Path
) -> None:
    """With lengths or without, whatever it was saved as."""
    keras.utils.set_random_seed(2)
    base = columns_model()
    training = with_ctc_layer(
        keras.Model(base.input, keras.ops.softmax(base.output)), lengths=lengths
    )
    model: Any = training
    if form == "h5":
        model = tmp_path / "m.h5"
        training.save(model)
    if form == "savedmodel":
        model = tmp_path / "saved"
        training.export(model, verbose=False)
    report = export(
        model, tmp_path / "m.cv", preprocess="0-1", imports=["support.ctc_layer"],
        text={"charset": CHARSET, "blank": "last"},
    )  # fmt: skip
    words = "image" if form != "savedmodel" else report.manifest.inputs[0].name
    assert [tensor.name for tensor in report.manifest.inputs] == [words]
    (note,) = (n for n in report.notes if "training alone" in n)
    assert ("input_length, label_length" in note) == lengths
    assert report.manifest.status == "verified"


def test_an_open_input_that_is_read_needs_its_size(tmp_path: Path) -> None:
    """What the outputs depend on is not dropped, and not guessed."""
    image, extra = keras.Input((HEIGHT, WIDTH, 1)), keras.Input((None,), name="extra")
    mean = keras.ops.mean(extra, axis=1, keepdims=True)
    y = keras.layers.GlobalAveragePooling2D()(image) + mean
    with pytest.raises(UsageError, match=r"The input extra .* has open dimensions"):
        export(keras.Model([image, extra], y), tmp_path / "m.cv", task="raw")


def test_the_command_line_does_it_all(
    sideways: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """export, run, info, selftest, check and codegen of a model like Keras' OCR example."""
    source, bundle = str(sideways.bundle.parent / "ocr.keras"), str(tmp_path / "ocr.cv")
    arguments = [
        *("export", source, "-o", bundle, "--charset", CHARSET, "--blank", "last"),
        *("--preprocess", "0-1", "--interpolation", "tf-bilinear", "--transpose-image"),
        *("--import", "support.ctc_layer", "--size", f"{WIDTH}x{HEIGHT}"),
    ]
    assert main(arguments) == 0
    assert "training alone" in capsys.readouterr().out
    texts, _ = read_by_keras(sideways)
    shown = tmp_path / "r.jsonl"
    assert main(["run", bundle, *map(str, sideways.pictures), "--json", str(shown)]) == 0
    records = [json.loads(line) for line in shown.read_text(encoding="utf-8").splitlines()]
    assert [record["text"] for record in records] == texts[0]
    assert texts[0][0] in capsys.readouterr().out
    assert main(["selftest", bundle]) == 0
    against = ["--against", source, "--import", "support.ctc_layer", "--no-speed"]
    assert main(["check", bundle, *against, "--samples", str(sideways.pictures[0].parent)]) == 0
    printed = capsys.readouterr().out
    assert f"{COUNT} of {COUNT} agree, read by the bundle's own postprocessing" in printed
    assert "postprocessing: not compared (character set, blank, decoding)" in printed
    assert main(["info", bundle]) == 0
    card = capsys.readouterr().out
    assert f"stretched to {WIDTH}x{HEIGHT} and transposed" in card
    assert "image = cv2.transpose(image)" in card
    assert "[UNK] 0 1 2" in card
    run_snippet(card, sideways)


def run_snippet(card: str, found: Exported) -> None:
    """Run the lines of cv2 that `info` prints, and compare what the net gives."""
    code = card.split("Without keras2cv:")[1].replace("photo.jpg", str(found.pictures[0]))
    names: dict[str, Any] = {}
    exec("\n".join(line.strip() for line in code.splitlines()), names)  # noqa: S102 - our own
    outputs: Any = keras2cv.load(found.bundle)
    result = outputs.predict(cv2.imread(str(found.pictures[0])))
    best = names["out"][0].argmax(axis=-1)
    assert names["out"].shape == (1, STEPS, BLANK + 2)
    kept = [k for n, k in enumerate(best) if k != BLANK + 1 and (n == 0 or k != best[n - 1])]
    assert "".join(CHARSET[k - 1] for k in kept) == result.text


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Return a function that predicts on an older OpenCV and gives the records."""
    with runtime_copy(tmp_path_factory.mktemp("runtime")) as environment:

        def run(version: str, bundle: Path, pictures: Sequence[Path]) -> list[Any]:
            try:
                environments = Environments()
                python = environments.prepare(environments.resolve(version)).python
            except MissingDependency as error:
                pytest.skip(f"no environment with OpenCV {version} can be made here: {error}")
            done = subprocess.run(
                [str(python), "-c", PREDICT, str(bundle), *map(str, pictures)],
                check=False, env=dict(environment), capture_output=True, encoding="utf-8",
                timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return [json.loads(line) for line in done.stdout.splitlines()]

        yield run


@pytest.mark.parametrize("version", ["4.6", "4.14"])
def test_older_opencvs_read_the_same_text(
    version: str, columns: Exported, sideways: Exported, older: Callable[..., Any]
) -> None:
    """As the Keras pipeline, greedy and by a beam, upright and sideways."""
    options = {"strategy": "beam_search", "beam_width": 20, "top_paths": 3}
    for found, how in ((columns, {}), (sideways, options)):
        texts, _ = read_by_keras(found, **how)
        records = older(version, found.bundle, found.pictures)
        assert [record["text"] for record in records] == texts[0]


def test_the_python_program_reads_the_same_text(
    columns: Exported, sideways: Exported, tmp_path: Path
) -> None:
    """Without keras2cv, from the bundle alone."""
    for found in (columns, sideways):
        folder = tmp_path / found.bundle.stem
        generate(keras2cv_bundle(found), "python", folder)
        words = [str(folder / "predict.py"), str(found.bundle), *map(str, found.pictures), "--json"]
        done = subprocess.run(
            [sys.executable, *words], check=False, capture_output=True, encoding="utf-8",
            timeout=300,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        texts = [json.loads(line)["text"] for line in done.stdout.splitlines()]
        assert texts == [result.text for result in run_lines(found.bundle, found.pictures)]


def keras2cv_bundle(found: Exported) -> Any:
    """Return the bundle as the generator takes it."""
    from keras2cv.bundle.reading import read_bundle

    return read_bundle(found.bundle)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--charset", CHARSET[1:], "--blank", "last", "--class-axis", "first"], "9 characters"),
        (["--charset", "01234567", "--blank", "last"], "which are 9 classes with the blank, and"),
        (["--charset", CHARSET], "Say --blank last"),
        (["--charset", CHARSET, "--blank", "11"], "The blank is class 11"),
        (["--charset", CHARSET, "--blank", "-1"], "must be first, last or the number of a class"),
        (["--charset", "", "--blank", "last"], "has 0 characters"),
        (["--charset", "00", "--blank", "last"], "has '0' twice"),
        (["--charset", "missing.txt", "--blank", "last"], "missing.txt cannot be read"),
        (["--task", "text", "--blank", "last"], "Give --charset"),
        (["--charset", CHARSET, "--blank", "last", "--activation", "sigmoid"], "a sigmoid gives"),
        (["--charset", CHARSET, "--task", "classify"], "--charset is for --task text"),
        (["--charset", CHARSET, "--blank", "last", "--size", "9x9"], "does not fit the input"),
        (["--charset", CHARSET, "--blank", "last", "--transpose-image", "--size",
          f"{WIDTH}x{HEIGHT}"], f"takes {HEIGHT}x{WIDTH}"),
        (["--task", "raw", "--transpose-image"], "this bundle takes arrays"),
        (["--charset", CHARSET, "--blank", "last", "--labels", "missing"], "labels file missing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_sentence(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exit code 2; nothing is written."""
    model = tmp_path / "m.keras"
    columns_model().save(model)
    preprocess = [] if "raw" in options else ["--preprocess", "0-1"]
    arguments = ["export", str(model), "-o", str(tmp_path / "m.cv"), *preprocess]
    assert main([*arguments, *options]) == 2
    (line,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("error")]
    assert words in line
    assert not (tmp_path / "m.cv").exists()


def test_pixels_cannot_be_transposed(tmp_path: Path) -> None:
    """A task that answers in pixels of the image has no use for a turned one."""
    photo = keras.Input((32, 48, 3))
    model = keras.Model(
        photo, keras.layers.Conv2D(3, 3, padding="same", activation="softmax")(photo)
    )
    with pytest.raises(UsageError, match="answers in, pixels of the image"):
        export(model, tmp_path / "m.cv", task="segment", preprocess="0-1", transpose_image=True)
