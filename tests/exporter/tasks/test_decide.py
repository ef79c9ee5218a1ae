"""Task and preprocessing: stated, recognised or refused, with a note for the unstated."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import keras
import onnx_ir as ir
import pytest
from keras import layers

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import InputError, UsageError
from keras2cv_export.convert import Converted
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.decide import Decisions, Wishes, decide
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.presets import Geometry
from keras2cv_export.tasks.recognise import Head

PHOTO = TensorSpec("photo", (1, 9, 11, 3), "float32")
AGE = TensorSpec("age", (1, 4), "float32")
SOFTMAX = Head(TensorSpec("kind", (1, 3), "float32"), "softmax")
PLAIN = Head(TensorSpec("map", (1, 7, 9, 4), "float32"), "linear")


def settle(
    inputs: tuple[TensorSpec, ...],
    head: Head,
    *,
    name: str = "cat",
    keras_model: Any = None,
    task: str | None = None,
    labels: Any = None,
    preprocess: Any = None,
) -> Decisions:
    """Decide for a model of these inputs and this one output."""
    loaded = LoadedModel(name, ModelSource("cat.keras", "keras"), inputs, list, None, keras_model)
    empty = ir.Model(ir.Graph([], [], nodes=[]), ir_version=8)
    converted = Converted(empty, (), (), (head,), frozenset(), Counter())
    return decide(loaded, converted, Wishes(task, labels, preprocess, Geometry()))


def rescaling(channels: int = 3) -> keras.Model:
    """Return a model that begins with a Rescaling layer."""
    x = keras.Input((9, 11, channels))
    return keras.Model(x, layers.Conv2D(4, 3)(layers.Rescaling(1 / 255, name="unit")(x)))


def test_what_is_stated_is_taken_and_not_repeated() -> None:
    """No notes: the user knows."""
    decided = settle((PHOTO,), SOFTMAX, task="classify", preprocess="tf", labels=["a", "b", "c"])
    assert decided.task.kind == "classify"
    assert decided.preprocessing is not None
    assert decided.preprocessing.source == "preset tf"
    assert decided.notes == ()


def test_a_guessed_task_is_noted() -> None:
    """With the reason, and how to change it."""
    decided = settle((PHOTO,), SOFTMAX, preprocess="tf")
    assert decided.task.kind == "classify"
    assert decided.notes == (
        "Task: classify, since kind ends in softmax. Say --task to change that.",
    )


def test_a_models_own_normalisation_is_recognised_and_noted() -> None:
    """Then pixels go in as they are."""
    decided = settle((PHOTO,), SOFTMAX, task="classify", keras_model=rescaling())
    assert decided.preprocessing is not None
    assert (decided.preprocessing.scale, decided.preprocessing.source) == (1.0, "in the model")
    (note,) = decided.notes
    assert "Rescaling layer 'unit'" in note
    assert "as RGB" in note


def test_a_stated_preprocessing_comes_before_the_models_own() -> None:
    """The user's word counts."""
    decided = settle((PHOTO,), SOFTMAX, preprocess="0-1", keras_model=rescaling())
    assert decided.preprocessing is not None
    assert decided.preprocessing.source == "preset 0-1"


def test_an_image_task_without_preprocessing_is_refused_with_the_choices() -> None:
    """Never a silent guess."""
    with pytest.raises(UsageError, match="How do pixels become the input photo") as caught:
        settle((PHOTO,), SOFTMAX)
    for choice in ("0-1", "tf", "torch", "caffe", "none", "FILE.json", "--task raw"):
        assert choice in str(caught.value)
    assert "keras.applications" not in str(caught.value)


def test_an_application_gets_a_hint_and_no_guess() -> None:
    """Who fine-tuned it may have trained it otherwise."""
    with pytest.raises(
        UsageError, match=r"'resnet50' of keras\.applications was trained with caffe"
    ):
        settle((PHOTO,), SOFTMAX, name="resnet50")


def test_a_raw_task_needs_no_preprocessing() -> None:
    """It takes arrays."""
    assert settle((PHOTO,), PLAIN).preprocessing is None
    assert settle((PHOTO,), SOFTMAX, task="raw").preprocessing is None


def test_a_raw_task_may_state_one() -> None:
    """Then it takes images, and gives arrays."""
    decided = settle((PHOTO,), PLAIN, preprocess="tf")
    assert (decided.task.kind, decided.preprocessing is not None) == ("raw", True)


def test_a_model_without_pictures_needs_none() -> None:
    """A table is classified as it is."""
    decided = settle((AGE,), SOFTMAX)
    assert (decided.task.kind, decided.preprocessing) == ("classify", None)


def test_a_picture_beside_a_table_is_not_a_picture_task() -> None:
    """An image fills one input of two: it takes arrays."""
    decided = settle((PHOTO, AGE), SOFTMAX, task="raw", keras_model=rescaling())
    assert decided.preprocessing is None


def test_a_preprocessing_without_its_picture_is_refused() -> None:
    """All inputs are shown."""
    with pytest.raises(UsageError, match="--preprocess is for models with one image input"):
        settle((AGE,), SOFTMAX, preprocess="tf")


OTHER = TensorSpec("other", (1, 8, 6, 1), "float32")


def test_one_preprocessing_is_for_all_pictures() -> None:
    """Each in its own size and colour; arrays stay arrays."""
    decided = settle((AGE, PHOTO, OTHER), SOFTMAX, preprocess="tf")
    assert decided.preprocessing is not None
    found = [decided.preprocessing, *decided.more_pictures]
    assert [(r.input, r.color, r.size_wh) for r in found] == [
        ("photo", "RGB", (11, 9)),
        ("other", "GRAY", (6, 8)),
    ]


def test_each_picture_may_have_its_own_preprocessing() -> None:
    """In the inputs' order; one that is not named takes arrays."""
    decided = settle((PHOTO, OTHER), SOFTMAX, preprocess={"other": "0-1", "photo": "caffe"})
    assert decided.preprocessing is not None
    found = [decided.preprocessing, *decided.more_pictures]
    assert [(r.input, r.source) for r in found] == [
        ("photo", "preset caffe"),
        ("other", "preset 0-1"),
    ]
    alone = settle((PHOTO, OTHER), SOFTMAX, preprocess={"other": "0-1"})
    assert alone.preprocessing is not None
    assert (alone.preprocessing.input, alone.more_pictures) == ("other", ())


@pytest.mark.parametrize(
    ("name", "message"),
    [("middle", "the model's are photo, age"), ("age", "which is no image")],
)
def test_a_preprocessing_names_a_picture(name: str, message: str) -> None:
    """And no other input."""
    with pytest.raises(UsageError, match=message):
        settle((PHOTO, AGE), SOFTMAX, preprocess={name: "tf"})


def test_two_pictures_ask_for_one_preprocessing_or_two() -> None:
    """The error shows the spelling."""
    with pytest.raises(UsageError, match="one for all 2 images, or NAME=P for each"):
        settle((PHOTO, OTHER), SOFTMAX)


def test_a_task_that_there_is_not_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=r"no task 'paint'\. Choose classify, "):
        settle((PHOTO,), SOFTMAX, task="paint", preprocess="tf")


def test_labels_of_the_wrong_count_are_refused() -> None:
    """Two for three classes."""
    with pytest.raises(UsageError, match="There are 2 labels"):
        settle((AGE,), SOFTMAX, labels=["cat", "dog"])


@pytest.mark.parametrize("text", ["cat\ndog\n", "cat\r\ndog", "\ufeffcat\ndog\n\n", " cat \ndog"])
def test_a_labels_file_has_one_name_a_line(tmp_path: Path, text: str) -> None:
    """Whatever line ends or byte order mark an editor writes."""
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode("utf-8"))
    assert read_labels(path) == read_labels(str(path)) == ("cat", "dog")


def test_labels_may_be_any_sequence_of_names() -> None:
    """And any name that is text."""
    assert read_labels(["naïve café", "猫", 3]) == ("naïve café", "猫", "3")
    assert read_labels(("a",)) == ("a",)
    assert read_labels(None) is None


@pytest.mark.parametrize("labels", [[], ["cat", ""], ["cat", "  "], [""]], ids=str)
def test_labels_without_a_name_are_refused(labels: list[str]) -> None:
    """A class that has none would be shown as nothing."""
    with pytest.raises(InputError, match="have an empty line or are none at all"):
        read_labels(labels)


@pytest.mark.parametrize("text", ["", "\n\n", "cat\n\ndog\n"], ids=repr)
def test_a_labels_file_with_an_empty_line_is_refused(tmp_path: Path, text: str) -> None:
    """Lines after the last name aside."""
    path = tmp_path / "labels.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="empty line"):
        read_labels(path)


def test_a_labels_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(InputError, match=r"none\.txt cannot be read: No such file"):
        read_labels(tmp_path / "none.txt")


def test_a_labels_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """For example a picture, or text in another encoding."""
    path = tmp_path / "labels.txt"
    path.write_bytes("Löwe\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"labels\.txt cannot be read: .*utf-8"):
        read_labels(path)
