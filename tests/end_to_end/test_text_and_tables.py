"""Models of text and of tables, trained, exported, and asked with text: the answers are Keras'."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from keras import layers

import keras2cv
import keras2cv_export
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.errors import InputError, ModelError, UsageError
from keras2cv.selftest import run_selftest

GOOD = ["a great film", "I loved it, great!", "Wonderful: great cast", "loved the wonderful film"]
BAD = ["a bad film", "I hated it... bad!", "Boring; bad cast", "hated the boring film"]
ODD = ["GREAT?", "", "\u00e9cole \u4f60\u597d", "boring " * 30, "loved\tthe\ncast"]


def classifier(library: Any = keras, **options: Any) -> Any:
    """Return a trained classifier of texts."""
    library.utils.set_random_seed(3)
    words = library.layers.TextVectorization(name="words", **options)
    if "vocabulary" not in options:
        words.adapt(np.array(GOOD + BAD))
    given = library.Input((1,), dtype="string", name="text")
    x = words(given)
    if options.get("output_mode", "int") == "int":
        x = library.layers.Embedding(words.vocabulary_size(), 8)(x)
        x = library.layers.GlobalAveragePooling1D()(x)
    model = library.Model(given, library.layers.Dense(2, activation="softmax", name="mood")(x))
    model.compile(library.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    truth = np.array([1] * len(GOOD) + [0] * len(BAD))
    model.fit(tf.constant([[t] for t in GOOD + BAD]), truth, epochs=12, verbose=0)
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a trained classifier, its bundle beside it."""
    path = tmp_path_factory.mktemp("text") / "mood.keras"
    model = classifier(output_sequence_length=10)
    model.save(path)
    keras2cv_export.export(path, path.with_suffix(".cv"), labels=["bad", "good"])
    return path


def rows(*texts: str) -> Any:
    """Return texts as Keras takes them."""
    return tf.constant([[text] for text in texts])


def test_a_text_classifier_answers_as_keras(saved: Path) -> None:
    """One text, several, by name; and it has learned what the words mean."""
    model, ours = keras.models.load_model(saved), keras2cv.load(saved.with_suffix(".cv"))
    texts = [*GOOD, *BAD, *ODD]
    (found,) = ours.infer(texts)
    np.testing.assert_allclose(found, model(rows(*texts)), atol=1e-6)
    assert [r.label for r in ours.predict([*GOOD, *BAD])] == ["good"] * 4 + ["bad"] * 4
    assert ours.predict("What a great film!").label == "good"
    assert ours.predict({"text": "boring"}).label == "bad"
    assert ours.predict({"text": ["boring", "great"]})[1].label == "good"
    assert ours.input_names == ("text",)


def test_its_proof_is_repeated_and_checked(saved: Path) -> None:
    """The self-test has text with Keras' own numbers, and `check` compares the first layers."""
    bundle = saved.with_suffix(".cv")
    report = run_selftest(keras2cv.load(bundle))
    assert report.verdict == "pass"
    assert [row.limit for row in report.rows if row.case == "before the net"] == [0.0]
    checked = keras2cv_export.check(bundle, against=saved)
    assert checked.verdict == "pass"
    assert "before the net" in [part.name for part in checked.covered if part.compared]


def changed(bundle: Path, folder: Path, change: Any) -> Path:
    """Return a copy of a bundle whose manifest was changed."""
    folder.mkdir()
    for file in bundle.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(record["front"])
    (folder / "manifest.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return folder


def turned(front: dict[str, Any]) -> None:
    """Turn the table's words."""
    (table,) = (step["table"] for step in front["steps"] if "table" in step)
    table["words"] = table["words"][::-1]


def unsplit(front: dict[str, Any]) -> None:
    """Leave punctuation where it is."""
    front["steps"][0]["text"]["standardize"] = "lower"


@pytest.mark.parametrize("change", [turned, unsplit])
def test_other_steps_than_the_models_fail(saved: Path, tmp_path: Path, change: Any) -> None:
    """The self-test and `check` say what differs."""
    wrong = changed(saved.with_suffix(".cv"), tmp_path / "wrong.cv", change)
    assert run_selftest(keras2cv.load(wrong)).verdict == "fail"
    report = keras2cv_export.check(wrong, against=saved)
    assert report.verdict == "fail"
    assert any("before the net: The steps compute" in str(found) for found in report.findings)


def verb(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command line."""
    command = [sys.executable, "-m", "keras2cv", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_reads_tables(saved: Path, tmp_path: Path) -> None:
    """A CSV with a column of the input's name, and a file of lines; both languages alike."""
    bundle = saved.with_suffix(".cv")
    table, lines = tmp_path / "films.csv", tmp_path / "films.txt"
    table.write_text('id,text\n7,"great, great"\n8,boring\n', encoding="utf-8")
    lines.write_text("great\nboring\n", encoding="utf-8")
    for source in (table, lines):
        ran = verb("run", bundle, source)
        assert ran.returncode == 0, ran.stderr
        found = ["good  " in line for line in ran.stdout.splitlines()]
        assert found == [True, False], ran.stdout
    program = tmp_path / "program"
    assert verb("codegen", bundle, "--lang", "python", "-o", program).returncode == 0
    command = [sys.executable, str(program / "predict.py"), str(bundle), str(table)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "good" in ran.stdout.splitlines()[0]
    info = verb("info", bundle).stdout
    assert "text (N, 1) string" in info
    assert "by split, lookup, pad in NumPy" in info
    refused = verb("codegen", bundle, "--lang", "java", "-o", tmp_path / "java")
    assert refused.returncode == 2
    assert "Programs in Java do not have what" in refused.stderr


def test_a_table_that_does_not_fit_is_named(saved: Path, tmp_path: Path) -> None:
    """Its sentence says which column is missing; nothing else fails."""
    table = tmp_path / "films.csv"
    table.write_text("id,review\n7,great\n", encoding="utf-8")
    ran = verb("run", saved.with_suffix(".cv"), table)
    assert ran.returncode == InputError.exit_code
    assert "there is no column 'text'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_batches_of_columns_are_answered(saved: Path) -> None:
    """As cluster engines pass them: other columns pass through, a missing text is an error."""
    columns = {"id": [1, 2], "text": ["great", "boring"]}
    found = keras2cv.load(saved.with_suffix(".cv"))(columns)
    assert np.argmax(found["mood"], axis=1).tolist() == [1, 0]
    assert list(found["id"]) == [1, 2]
    empty = keras2cv.load(saved.with_suffix(".cv"))({"id": [], "text": []})
    assert empty["mood"].shape == (0, 2)
    answers = BatchPredictor(str(saved.with_suffix(".cv")))({"id": [1, 2], "text": ["great", None]})
    assert "there is no value for the input text" in answers["error"][1]


def inputs() -> dict[str, Any]:
    """Return the inputs of a table."""
    return {
        "age": keras.Input((1,), name="age"),
        "job": keras.Input((1,), dtype="string", name="job"),
        "zip": keras.Input((1,), dtype="int64", name="zip"),
    }


VALUES: dict[str, Any] = {
    "age": np.array([[20.0], [35.5], [60.0], [41.0]], np.float32),
    "job": [["nurse"], ["pilot"], [""], ["unseen"]],
    "zip": np.array([[1010], [2**40], [-5], [1011]]),
}


def test_a_table_answers_as_keras(tmp_path: Path) -> None:
    """Text, numbers and hashes; whole numbers beyond 2**24, which OpenCV itself cannot hold."""
    keras.utils.set_random_seed(4)
    given = inputs()
    jobs = layers.StringLookup(vocabulary=["nurse", "pilot"], output_mode="one_hot")(given["job"])
    codes = layers.IntegerLookup(vocabulary=[1010, 2**40])(given["zip"])
    x = layers.Concatenate()([
        layers.Normalization(mean=40.0, variance=100.0)(given["age"]),
        jobs,
        layers.Hashing(8, output_mode="one_hot", salt=11)(given["zip"]),
        layers.HashedCrossing(12, output_mode="one_hot")((given["job"], codes)),
    ])  # fmt: skip
    model = keras.Model(given, layers.Dense(2, activation="softmax")(x))
    keras2cv_export.export(model, tmp_path / "t.cv", task="classify", batch=2)
    ours = keras2cv.load(tmp_path / "t.cv")
    expected = np.asarray(model({k: tf.constant(v) for k, v in VALUES.items()}))
    np.testing.assert_allclose(ours.infer(VALUES)[0], expected, atol=1e-6)
    one = ours.predict({"age": 20, "job": "nurse", "zip": 1010})
    np.testing.assert_allclose(one.score, expected[0].max(), atol=1e-6)
    several = ours.predict({k: np.reshape(v, -1).tolist() for k, v in VALUES.items()})
    np.testing.assert_allclose([r.score for r in several], expected.max(axis=1), atol=1e-6)
    assert model.get_layer("age").output is not None  # the live model is as it was
    calls = [(x.name, len(x._inbound_nodes)) for x in model.layers if len(x._inbound_nodes) != 1]
    assert not calls


def test_a_feature_space_answers_as_keras(tmp_path: Path) -> None:
    """A model of a FeatureSpace with crosses, saved and loaded: predict takes the dict."""
    space = keras.utils.FeatureSpace(
        features={
            "age": keras.utils.FeatureSpace.float_discretized(num_bins=3),
            "job": "string_categorical",
            "town": keras.utils.FeatureSpace.string_hashed(num_bins=6),
            "id": "integer_hashed",
            "weight": "float_normalized",
        },
        crosses=[("age", "job"), ("town", "id")],
        crossing_dim=16,
    )
    table: dict[str, Any] = {
        "age": np.array([20, 30, 40, 50], np.float32),
        "job": np.array(["a", "b", "c", "a"]),
        "town": np.array(["X", "Y", "X", ""]),
        "id": np.array([1, 2, 3, 2**30], np.int32),
        "weight": np.array([50, 60, 70, 80], np.float32),
    }
    space.adapt(tf.data.Dataset.from_tensor_slices(table))
    keras.utils.set_random_seed(5)
    model = keras.Model(space.get_inputs(), layers.Dense(2)(space.get_encoded_features()))
    model.save(tmp_path / "m.keras")
    keras2cv_export.export(tmp_path / "m.keras", tmp_path / "m.cv", task="raw")
    given = {name: tf.constant(np.reshape(table[name], (4, 1))) for name in sorted(table)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras', of its own dict's order
        expected = model(given)
    found = keras2cv.load(tmp_path / "m.cv").infer({k: v.tolist() for k, v in table.items()})
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


OF_KERAS_2: dict[str, dict[str, Any]] = {
    ".keras": {"output_mode": "tf_idf", "ngrams": 2},
    ".h5": {"vocabulary": ["great", "bad", "boring"], "output_mode": "multi_hot"},
}


@pytest.mark.parametrize("suffix", OF_KERAS_2)
def test_files_of_keras_2_answer_as_keras_2(tmp_path: Path, suffix: str) -> None:
    """Opened by either Keras."""
    model = classifier(tf_keras, **OF_KERAS_2[suffix])
    path = tmp_path / f"mood{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the old format
        model.save(path)
    keras2cv_export.export(path, tmp_path / "mood.cv", task="classify")
    found = keras2cv.load(tmp_path / "mood.cv").infer([*GOOD, *ODD])[0]
    np.testing.assert_allclose(found, model(rows(*GOOD, *ODD)), atol=1e-6)


def test_a_live_model_of_keras_2(tmp_path: Path) -> None:
    """With two inputs, one of which the net reads itself."""
    given = [tf_keras.Input((3,), dtype="int64", name="codes"), tf_keras.Input((1,), name="age")]
    x = tf_keras.layers.Embedding(9, 3)(tf_keras.layers.Hashing(9, mask_value=0)(given[0]))
    x = tf_keras.layers.Concatenate()([tf_keras.layers.Flatten()(x), given[1]])
    model = tf_keras.Model(given, tf_keras.layers.Dense(2)(x))
    keras2cv_export.export(model, tmp_path / "m.cv", task="raw")
    values = np.array([[0, 2**40, -7], [1, 2, 3]]), np.array([[1.0], [2.0]], np.float32)
    found = keras2cv.load(tmp_path / "m.cv").infer(*values)[0]
    np.testing.assert_allclose(found, model(list(values)), atol=1e-6)


def sequential() -> Any:
    """Return a Sequential that was built by a call."""
    words = layers.TextVectorization(vocabulary=["a", "b"], output_mode="multi_hot")
    model = keras.Sequential([words, layers.Dense(2)])
    model(rows("a"))
    return model


def nested() -> Any:
    """Return a model in a model that reads text."""
    inner = keras.Input((1,), dtype="string", name="inner")
    looked_up = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(inner)
    inside = keras.Model(inner, layers.Dense(3)(looked_up))
    given = keras.Input((1,), dtype="string", name="outer")
    return keras.Model(given, layers.Dense(2)(inside(given)))


@pytest.mark.parametrize("build", [sequential, nested])
def test_other_forms_of_models(tmp_path: Path, build: Any) -> None:
    """Twice: the first export leaves the model as it was."""
    model = build()
    for name in ("one.cv", "two.cv"):
        keras2cv_export.export(model, tmp_path / name, task="raw")
        found = keras2cv.load(tmp_path / name).infer(["a b", "b", "zz"])[0]
        np.testing.assert_allclose(found, model(rows("a b", "b", "zz")), atol=1e-6)


def test_a_picture_beside_text(tmp_path: Path) -> None:
    """The picture is prepared, the text looked up, for one sample and for several."""
    picture = keras.Input((8, 8, 3), name="picture")
    text = keras.Input((1,), dtype="string", name="text")
    looked_up = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(text)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(picture), looked_up])
    model = keras.Model([picture, text], layers.Dense(2)(x))
    bundle = tmp_path / "p.cv"
    keras2cv_export.export(model, bundle, task="raw", preprocess={"picture": "tf"})
    ours = keras2cv.load(bundle)
    image = np.full((8, 8, 3), 200, np.uint8)
    pixels = tf.fill((1, 8, 8, 3), 200 / 127.5 - 1)
    for given in ("a", "zz"):
        (expected,) = np.asarray(model([pixels, rows(given)]))
        one = ours.predict({"picture": image, "text": given})
        (two,) = ours.predict([{"picture": image, "text": given}])
        np.testing.assert_allclose(one.arrays[ours.output_names[0]], expected, atol=1e-5)
        np.testing.assert_allclose(two.arrays[ours.output_names[0]], expected, atol=1e-5)
    with pytest.raises(InputError, match="The model's inputs are"):
        ours.predict({"picture": image})
    with pytest.raises(UsageError, match="takes images beside text"):
        ours({"picture": [image], "text": ["a"]})


def test_the_users_own_samples(tmp_path: Path) -> None:
    """An .npz of texts proves the bundle as drawn ones do."""
    model = classifier(output_mode="multi_hot")
    np.savez(tmp_path / "x.npz", text=np.array(GOOD + BAD))
    report = keras2cv_export.export(
        model, tmp_path / "m.cv", task="classify", samples=tmp_path / "x.npz"
    )
    assert report.manifest.status == "verified"
    np.savez(tmp_path / "other.npz", review=np.array(GOOD))
    with pytest.raises(InputError, match="The model's inputs are"):
        keras2cv_export.export(
            model, tmp_path / "o.cv", task="classify", samples=tmp_path / "other.npz"
        )


def test_text_that_nobody_knows_how_to_read_is_refused(tmp_path: Path) -> None:
    """A layer of another kind is named, with the way out."""
    given = keras.Input((1,), dtype="string", name="text")
    number = layers.Lambda(tf.strings.to_number, output_shape=(1,), name="parse")(given)
    model = keras.Model(given, layers.Dense(2)(number))
    with pytest.raises(ModelError, match="the Lambda layer 'parse' turns into numbers"):
        keras2cv_export.export(model, tmp_path / "m.cv", task="raw")
