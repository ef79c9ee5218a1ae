"""Classical models, in the ops that skl2onnx writes: the same numbers and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from keras2cv.bundle.manifest import ModelSource
from keras2cv_export.importing.import_graph import import_graph
from keras2cv_export.model.load.from_onnx import onnx_model
from keras2cv_export.targets.importer_support import UnsupportedOpsError
from support.onnx_graphs import answers_of, graph_of, node

ML = "ai.onnx.ml"
RNG = np.random.default_rng(8)
ROWS = RNG.normal(size=(40, 5)).astype(np.float32)
LABELS = (TensorProto.INT64, ["n"])


def opened(path: Path, model: onnx.ModelProto) -> Any:
    """Return a model loaded from a file, for all rows at once."""
    onnx.save(model, path)
    shape = {"x": ROWS.shape}
    return onnx_model(path, ModelSource(path.name, "onnx"), shape, 1, None)


def agree(tmp_path: Path, model: onnx.ModelProto) -> set[str]:
    """Assert that the imported graph gives the same; return its ops."""
    found = import_graph(opened(tmp_path / "m.onnx", model)).model
    pairs = zip(answers_of(found, {"x": ROWS}), answers_of(model, {"x": ROWS}), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert not any(one.domain for one in found.graph)
    return {one.op_type for one in found.graph}


@pytest.mark.parametrize("labels", [[0, 1, 2], [7, 3, 11]])
@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_linear_classifiers(tmp_path: Path, labels: list[int], transform: str) -> None:
    """Labels that are not 0, 1, 2 are looked up."""
    layer = node(
        "LinearClassifier",
        "x",
        "label scores",
        ML,
        coefficients=RNG.normal(size=15).tolist(),
        intercepts=RNG.normal(size=3).tolist(),
        classlabels_ints=labels,
        post_transform=transform,
    )
    model = graph_of(
        [layer, node("Normalizer", "scores", "p", ML, norm="L1")],
        {"x": ["n", 5]},
        {"label": LABELS, "p": ["n", 3]},
    )
    agree(tmp_path, model)


def test_regression_behind_a_scaler(tmp_path: Path) -> None:
    """Offsets and scales of each number, and several targets."""
    nodes = [
        node("Scaler", "x", "a", ML, offset=[0.5] * 5, scale=[1.0, 2.0, 3.0, 4.0, 5.0]),
        node(
            "LinearRegressor",
            "a",
            "y",
            ML,
            coefficients=RNG.normal(size=10).tolist(),
            intercepts=[1.0, 2.0],
            targets=2,
        ),
    ]
    agree(tmp_path, graph_of(nodes, {"x": ["n", 5]}, {"y": ["n", 2]}))


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_rows_are_normalised(tmp_path: Path, norm: str) -> None:
    """By their sum, their length or their largest number."""
    nodes = [
        node("Normalizer", "x", "a", ML, norm=norm),
        node("Binarizer", "a", "b", ML, threshold=0.1),
        node("FeatureVectorizer", "a b", "y", ML, inputdimensions=[5, 5]),
    ]
    agree(tmp_path, graph_of(nodes, {"x": ["n", 5]}, {"y": ["n", 10]}))


def forest(kind: str, trees: int, classes: int, mode: str, leaf: bool = False) -> dict[str, Any]:
    """Return the attributes of random trees of seven nodes; with `leaf`, the first is one leaf."""
    nodes: dict[str, list[Any]] = {
        key: []
        for key in (
            "treeids",
            "nodeids",
            "featureids",
            "values",
            "modes",
            "truenodeids",
            "falsenodeids",
        )
    }
    ends: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        for k in range(1 if leaf and tree == 0 else 7):
            inner = k < 3 and not (leaf and tree == 0)
            row = (
                tree,
                k,
                int(RNG.integers(5)) if inner else 0,
                float(RNG.normal()) if inner else 0.0,
                mode if inner else "LEAF",
                2 * k + 1 if inner else 0,
                2 * k + 2 if inner else 0,
            )
            for key, value in zip(nodes, row, strict=True):
                nodes[key].append(value)
            for c in range(classes) if not inner else ():
                for key, value in zip(ends, (tree, k, c, float(RNG.random())), strict=True):
                    ends[key].append(value)
    return {f"nodes_{k}": v for k, v in nodes.items()} | {f"{kind}_{k}": v for k, v in ends.items()}


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"])
def test_forests_of_trees(tmp_path: Path, mode: str) -> None:
    """Every comparison, and a tree that is one leaf."""
    layer = node(
        "TreeEnsembleClassifier",
        "x",
        "label p",
        ML,
        classlabels_int64s=[0, 1, 2],
        **forest("class", 6, 3, mode, leaf=True),
    )
    agree(tmp_path, graph_of([layer], {"x": ["n", 5]}, {"label": LABELS, "p": ["n", 3]}))


@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE"])
def test_regression_by_trees(tmp_path: Path, aggregate: str) -> None:
    """Boosting has a base value."""
    layer = node(
        "TreeEnsembleRegressor",
        "x",
        "y",
        ML,
        n_targets=1,
        base_values=[0.5],
        aggregate_function=aggregate,
        **forest("target", 9, 1, "BRANCH_LEQ"),
    )
    model = graph_of([layer], {"x": ["n", 5]}, {"y": ["n", 1]})
    if aggregate == "AVERAGE":  # the base is added to the mean
        layer.attribute.remove(next(a for a in layer.attribute if a.name == "base_values"))
        model = graph_of([layer], {"x": ["n", 5]}, {"y": ["n", 1]})
    agree(tmp_path, model)


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
def test_two_classes_of_which_leaves_name_one(tmp_path: Path, transform: str, named: int) -> None:
    """As boosting for two classes is written: scores around 0, through a sigmoid."""
    attributes = forest("class", 5, 1, "BRANCH_LEQ")
    if transform == "LOGISTIC":
        attributes["class_weights"] = [w - 0.5 for w in attributes["class_weights"]]
    else:
        attributes["class_weights"] = [w / 5 for w in attributes["class_weights"]]
    attributes["class_ids"] = [named] * len(attributes["class_ids"])
    layer = node(
        "TreeEnsembleClassifier",
        "x",
        "label p",
        ML,
        classlabels_int64s=[0, 1],
        post_transform=transform,
        **attributes,
    )
    agree(tmp_path, graph_of([layer], {"x": ["n", 5]}, {"label": LABELS, "p": ["n", 2]}))


def test_a_label_is_extracted_by_its_place(tmp_path: Path) -> None:
    """As skl2onnx ends a neural network."""
    nodes = [
        node("ArgMax", "x", "place", axis=1, keepdims=0),
        node("ArrayFeatureExtractor", "classes place", "found", ML),
        node("Reshape", "found line", "label"),
    ]
    weights = {"classes": np.array([[4, 9, 2, 7, 5]], np.int64), "line": np.array([-1], np.int64)}
    agree(tmp_path, graph_of(nodes, {"x": ["n", 5]}, {"label": LABELS}, weights))


def test_a_map_of_probabilities_becomes_its_array(tmp_path: Path) -> None:
    """ZipMap; labels that are texts are left out, both with a note."""
    layer = node(
        "LinearClassifier",
        "x",
        "label scores",
        ML,
        coefficients=RNG.normal(size=10).tolist(),
        intercepts=[0.0, 0.1],
        classlabels_strings=["cat", "dog"],
        post_transform="SOFTMAX",
    )
    zipped = node("ZipMap", "scores", "p", ML, classlabels_strings=["cat", "dog"])
    model = graph_of(
        [layer, zipped], {"x": ["n", 5]}, {"label": (TensorProto.STRING, ["n"]), "p": None}
    )
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.STRING, value))
    model.graph.output[1].type.CopyFrom(kind)
    loaded = opened(tmp_path / "m.onnx", model)
    found = import_graph(loaded)
    assert [spec.name for spec in found.output_specs] == ["p"]
    (ours,) = answers_of(found.model, {"x": ROWS})
    (theirs,) = dict(loaded.call(ROWS)).values()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert "The output label is text, and is left out" in loaded.notes[0]
    assert "The output p is an array here, and no map" in loaded.notes[1]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (node("SVMRegressor", "x", "y", ML), "SVMRegressor in y: it is no op of ONNX' own"),
        (node("Normalizer", "x", "y", ML, norm="L3"), "it normalises by L3"),
    ],
)
def test_other_ops_are_refused_by_name(tmp_path: Path, layer: Any, words: str) -> None:
    """With what to do."""
    model = graph_of([layer], {"x": ["n", 5]}, {"y": ["n", 1]})
    with pytest.raises(UnsupportedOpsError) as caught:
        import_graph(opened(tmp_path / "m.onnx", model))
    assert words in str(caught.value)
