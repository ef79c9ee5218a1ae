"""Models that cannot be exported: one sentence each, exit code 2, and nothing left behind."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

from keras2cv.cli import main  # noqa: E402 - after its requirements are known to be installed

# Keras reads TensorFlow's variables in a way that NumPy 2 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

HEIGHT, WIDTH, CLASSES = 12, 20, 5
IMAGE = "photo (None, 12, 20, 3) float32"


def classifier(*, open_size: bool = False) -> Any:
    """Return an untrained classifier of images, its height and width open or not."""
    image = keras.Input((None, None, 3) if open_size else (HEIGHT, WIDTH, 3), name="photo")
    x = keras.layers.Conv2D(4, 3, strides=2)(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(CLASSES, activation="softmax", name="kind")(x))


def with_lambda() -> Any:
    """Return a model whose file carries Python code."""
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Lambda(lambda t: t * 2, name="twice")(x))


def with_own_layer() -> Any:
    """Return a model with a layer class that is registered nowhere."""

    def call(_: Any, x: Any) -> Any:
        return x * 2

    own = type("Doubled", (keras.layers.Layer,), {"call": call, "__module__": "mypkg.layers"})
    x = keras.Input((4,), name="x")
    return keras.Model(x, own(name="doubled")(x))


def save(model: Any, name: str) -> None:
    """Save `model` in the working folder."""
    model.save(name)


def write(content: bytes, name: str) -> None:
    """Write bytes that are no model."""
    Path(name).write_bytes(content)


def write_archive(name: str) -> None:
    """Write a .keras archive without an architecture."""
    with zipfile.ZipFile(name, "w") as archive:
        archive.writestr("metadata.json", "{}")


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs an export that must end with 2, and returns the sentence."""
    monkeypatch.chdir(tmp_path)

    def export(*arguments: str, output: str = "new/out.cv") -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main(["export", *arguments, "-o", output]) == 2
        assert sorted(tmp_path.rglob("*")) == before
        shown = capsys.readouterr()
        assert shown.out == ""
        *steps, sentence = shown.err.replace("\\", "/").splitlines()
        assert all(step.endswith(" ...") for step in steps)
        assert sentence.startswith("error: ")
        return sentence.removeprefix("error: ")

    return export


def test_a_model_that_is_not_there(refused: Callable[..., str]) -> None:
    """The error names the wrong path."""
    assert refused("none.keras") == "There is no model at none.keras. Check the path."


@pytest.mark.parametrize("name", ["junk.keras", "junk.h5", "archive.keras", "folder"])
def test_what_is_not_a_model(refused: Callable[..., str], name: str) -> None:
    """Files and folders of another kind are named, with the right ones."""
    if name == "folder":
        Path(name).mkdir()
    elif name == "archive.keras":
        write_archive(name)
    else:
        write(b"neither HDF5 nor an archive", name)
    sentence = refused(name)
    assert sentence.startswith(f"{name} is ")
    assert "SavedModel folder" in sentence


@pytest.mark.parametrize("name", ["own.keras", "own.h5"])
def test_weights_alone_are_not_a_model(refused: Callable[..., str], name: str) -> None:
    """A file of `save_weights` is recognised, under any name."""
    classifier().save_weights("own.weights.h5")
    Path("own.weights.h5").rename(name)
    assert refused(name).startswith(f"{name} holds weights without an architecture. Save the whole")


@pytest.mark.parametrize("name", ["code.keras", "code.h5"])
def test_code_in_a_model_needs_unsafe(refused: Callable[..., str], name: str) -> None:
    """The error names Lambda layers, and the option that allows them."""
    save(with_lambda(), name)
    sentence = refused(name)
    assert sentence.startswith(f"{name} is not loaded, ")
    assert "the Lambda in layer 'twice' holds Python code" in sentence
    assert "--unsafe" in sentence


@pytest.mark.parametrize("name", ["own.keras", "own.h5"])
def test_a_class_that_is_not_registered_needs_import(
    refused: Callable[..., str], name: str
) -> None:
    """The error names the class, and the option that imports it."""
    save(with_own_layer(), name)
    sentence = refused(name)
    assert name in sentence
    assert "Doubled" in sentence
    assert "--import" in sentence


def test_a_module_that_cannot_be_imported(refused: Callable[..., str]) -> None:
    """A misspelled --import is not taken for a missing class."""
    save(classifier(), "m.keras")
    sentence = refused("m.keras", "--import", "no_such_package.layers")
    assert sentence.startswith("The module 'no_such_package.layers' cannot be imported (")


def test_an_open_dimension_needs_a_size(refused: Callable[..., str]) -> None:
    """The input is shown, with the option to type."""
    save(classifier(open_size=True), "m.keras")
    assert refused("m.keras", "--preprocess", "tf") == (
        "The input photo (None, None, None, 3) float32 has open dimensions, and OpenCV needs to "
        "know them. Give --input-shape photo:1,SIZE,SIZE,3 with numbers."
    )


@pytest.mark.parametrize("shape", ["1,9,20,3", "1,12,20", "photo:1,12,20,4"])
def test_an_input_shape_that_does_not_fit(refused: Callable[..., str], shape: str) -> None:
    """Sizes that the model fixes cannot be given otherwise."""
    save(classifier(), "m.keras")
    sentence = refused("m.keras", "--preprocess", "tf", "--input-shape", shape)
    assert f" does not fit the input {IMAGE}. " in sentence


def test_an_input_shape_for_no_input(refused: Callable[..., str]) -> None:
    """For an unknown name the error lists the inputs."""
    save(classifier(), "m.keras")
    sentence = refused("m.keras", "--preprocess", "tf", "--input-shape", "foto:1,12,20,3")
    assert sentence.startswith("--input-shape names 'foto', which is no input of this model. ")
    assert sentence.endswith(f"{IMAGE}.")


def test_labels_of_the_wrong_count(refused: Callable[..., str]) -> None:
    """The error has both numbers."""
    save(classifier(), "m.keras")
    Path("labels.txt").write_text("cat\ndog\nhen\n", encoding="utf-8")
    sentence = refused("m.keras", "--preprocess", "tf", "--labels", "labels.txt")
    assert sentence.startswith("There are 3 labels, and the output kind (1, 5) float32 needs 5. ")


def test_an_image_model_needs_a_preprocessing(refused: Callable[..., str]) -> None:
    """The meaning of pixels is never guessed; the error lists the choices."""
    save(classifier(), "m.keras")
    sentence = refused("m.keras")
    assert sentence.startswith("How do pixels become the input photo (1, 12, 20, 3) float32? ")
    assert all(choice in sentence for choice in ("0-1", "tf", "torch", "caffe", "none", ".json"))


def test_a_bundle_that_cannot_be_written(refused: Callable[..., str]) -> None:
    """A file in the way is not changed."""
    save(classifier(), "m.keras")
    write(b"mine", "file")
    options = ("m.keras", "--preprocess", "tf")
    assert "file/x.cv cannot be written: " in refused(*options, output="file/x.cv")
    assert "file is a file, not a bundle. " in refused(*options, output="file")
    assert Path("file").read_bytes() == b"mine"


def test_a_folder_that_is_no_bundle_is_not_replaced(refused: Callable[..., str]) -> None:
    """`-o photos` does not delete the photos."""
    save(classifier(), "m.keras")
    Path("photos").mkdir()
    write(b"a photo", "photos/one.jpg")
    sentence = refused("m.keras", "--preprocess", "tf", output="photos")
    assert "photos is a folder, not a bundle. " in sentence
