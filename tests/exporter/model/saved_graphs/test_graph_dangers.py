"""A SavedModel may only compute, wherever a node can stand; no sample here ever runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.saved_graphs.graph_dangers import graph_dangers

PROOF = "it_ran.txt"
Change = Callable[[Any], None]


class _Tripling(tf.Module):
    """A model with a variable and a table, whose words are an asset."""

    def __init__(self, words: Path | None = None) -> None:
        super().__init__()
        self.w = tf.Variable([3.0, 3.0, 3.0])
        if words is not None:
            source = tf.lookup.TextFileInitializer(
                *(str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE),
                *(tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
            )
            self.table = tf.lookup.StaticHashTable(source, -1)

    @tf.function(input_signature=[tf.TensorSpec((1, 3), tf.float32, name="x")])
    def __call__(self, x: Any) -> Any:
        """Triple it."""
        return {"y": x * self.w}


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of TensorFlow 2, with a table."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "words.txt").write_text("a\nb\n", encoding="utf-8")
    model = _Tripling(folder / "words.txt")
    tf.saved_model.save(model, str(folder / "cat"), signatures=model.__call__)
    return folder / "cat"


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of TensorFlow 1, with a table, a loop, a summary and a main op."""
    v1, folder = tf.compat.v1, tmp_path_factory.mktemp("flat")
    (folder / "words.txt").write_text("a\nb\n", encoding="utf-8")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, (1, 3), name="x")
        w = v1.get_variable("w", initializer=[2.0, 3.0, 4.0])
        words = tf.constant(str(folder / "words.txt"), name="words")
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, words)
        source = tf.lookup.TextFileInitializer(
            *(words, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE),
            *(tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
        )
        tf.lookup.StaticHashTable(source, -1)
        v1.summary.scalar("sum", tf.reduce_sum(x))
        y = tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, y * w), (0, x))[1]
        y = tf.identity(y, name="y")
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        builder = v1.saved_model.Builder(str(folder / "cat"))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"serving_default": v1.saved_model.predict_signature_def({"x": x}, {"y": y})},
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=v1.tables_initializer(),
            saver=v1.train.Saver(sharded=True),
        )
        builder.save()
    return folder / "cat"


def graphs_of(folder: Path) -> Any:
    """Return the protobuf of a SavedModel."""
    return saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())


def node(nodes: Any, op: str, *inputs: str, name: str = "evil", **texts: str) -> Any:
    """Add a node, with text attributes."""
    made = nodes.add(name=name, op=op, input=inputs)
    for key, text in texts.items():
        made.attr[key].s = text.encode()
    return made


def text(nodes: Any, value: str, name: str) -> None:
    """Add a text constant."""
    made = nodes.add(name=name, op="Const")
    made.attr["dtype"].type = tf.string.as_datatype_enum
    made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))


def writing(nodes: Any) -> str:
    """Add nodes that write a file; return the name of the last."""
    text(nodes, PROOF, "place")
    text(nodes, "ran", "words_to_write")
    node(nodes, "WriteFile", "place", "words_to_write")
    return "evil"


def main(graphs: Any) -> Any:
    """Return the first main graph's nodes."""
    return graphs.meta_graphs[0].graph_def.node


def library(graphs: Any) -> Any:
    """Return the first graph's functions."""
    return graphs.meta_graphs[0].graph_def.library.function


def named(graphs: Any, part: str) -> Any:
    """Return the function with `part` in its name."""
    return next(f for f in library(graphs) if part in f.signature.name)


def _in_a_new_function(graphs: Any) -> None:
    made = library(graphs).add()
    made.signature.name = "nobody_calls_it"
    writing(made.node_def)


def _in_a_second_graph(graphs: Any) -> None:
    made = graphs.meta_graphs.add()
    made.meta_info_def.tags.append("train")
    writing(made.graph_def.node)


def _as_the_function_of_a_dataset(graphs: Any) -> None:
    made = node(main(graphs), "DatasetFromGraph", "place")
    made.attr["graph_def"].s = b"\n\x05\n\x03evi"


def _nested_in_a_functions_attribute(graphs: Any) -> None:
    saver = named(graphs, "traced_save").signature.name
    caller = next(f for f in library(graphs) if "signature_wrapper" in f.signature.name)
    outer = node(caller.node_def, "StatefulPartitionedCall").attr["f"].func
    outer.name = named(graphs, "traced_restore").signature.name
    outer.attr["inner"].list.func.add().name = saver


def _under_the_name_of_an_operation(graphs: Any) -> None:
    made = library(graphs).add()
    made.signature.name = "MatMul"


def _as_a_handle(graphs: Any) -> None:
    made = node(main(graphs), "Const")
    made.attr["value"].tensor.dtype = tf.resource.as_datatype_enum


def _as_a_table_of_any_file(graphs: Any) -> None:
    initializer = named(graphs, "initializer")
    text(initializer.node_def, "/etc/passwd", "place")
    for one in initializer.node_def:
        if one.op.startswith("InitializeTable"):
            one.input[1] = "place:output:0"


def _as_a_table_that_is_no_asset(graphs: Any) -> None:
    for function in graphs.meta_graphs[0].object_graph_def.concrete_functions.values():
        function.bound_inputs[:] = [0 for _ in function.bound_inputs]


def _as_a_saver_that_an_object_has(graphs: Any) -> None:
    name = named(graphs, "traced_save").signature.name
    graphs.meta_graphs[0].object_graph_def.concrete_functions[name].SetInParent()


def _to_the_terminal(graphs: Any) -> None:
    function = next(f for f in library(graphs) if "signature_wrapper" in f.signature.name)
    text(function.node_def, "\x1b]0;evil\x07", "shout")
    node(function.node_def, "PrintV2", "shout:output:0", output_stream="stderr")


ANYWHERE: dict[str, tuple[Change, str]] = {
    "in a function that nobody calls": (_in_a_new_function, "WriteFile .* writes files"),
    "in a second graph": (_in_a_second_graph, "WriteFile in the main graph .* writes files"),
    "a graph in bytes": (_as_the_function_of_a_dataset, "interprets bytes"),
    "an unknown operation": (lambda g: node(main(g), "NewIn2030"), "NewIn2030 .* is none that is"),
    "an operation with control characters": (lambda g: node(main(g), "\x1b[2J"), r"\\x1b"),
    "an interpreter of TensorRT": (lambda g: node(main(g), "TRTEngineOp"), "interprets bytes"),
    "a program of XLA": (lambda g: node(main(g), "XlaCallModule"), "interprets bytes"),
    "a region of memory": (
        lambda g: node(main(g), "ImmutableConst", memory_region_name="/etc/passwd"),
        "ImmutableConst .* reads files",
    ),
    "statistics of a calibration": (
        lambda g: node(main(g), "CalibrationStatisticsSaver", output_file_path=PROOF),
        "CalibrationStatisticsSaver .* writes files",
    ),
    "a summary's writer": (lambda g: node(main(g), "CreateSummaryFileWriter"), "writes files"),
    "a debugger": (
        lambda g: node(main(g), "DebugIdentityV3", debug_urls="file:///tmp"),
        "DebugIdentityV3 .* writes files",
    ),
    "a queue that nobody fills": (lambda g: node(main(g), "QueueDequeueV2"), "waits for other"),
    "a pipeline": (lambda g: node(main(g), "TensorDataset"), "runs a pipeline of data"),
    "a server": (lambda g: node(main(g), "RpcServerStart"), "talks to other machines"),
    "a sleeper": (lambda g: node(main(g), "SleepOp"), "lets it sleep"),
    "a function named as an operation": (_under_the_name_of_an_operation, "'MatMul' has the name"),
    "a handle of the process": (_as_a_handle, "refers to an object of the process"),
}  # fmt: skip
WITH_OBJECTS: dict[str, tuple[Change, str]] = {
    "called by an attribute's attribute": (_nested_in_a_functions_attribute, "SaveV2 .* writes"),
    "a table of any file": (_as_a_table_of_any_file, "InitializeTableFromTextFileV2 .* reads"),
    "a table that is no asset": (_as_a_table_that_is_no_asset, "InitializeTable.* reads files"),
    "a saver that an object has": (_as_a_saver_that_an_object_has, "(Save|Merge)V2.* writes files"),
    "text that controls the terminal": (_to_the_terminal, "controls terminals"),
}  # fmt: skip


def _as_a_control_input_of_restoring(graphs: Any) -> None:
    saver = next(n.name for n in main(graphs) if n.op == "SaveV2")
    restoring = graphs.meta_graphs[0].saver_def.restore_op_name
    next(n for n in main(graphs) if n.name == restoring).input.append(f"^{saver}")


def _as_the_restoring_itself(graphs: Any) -> None:
    graphs.meta_graphs[0].saver_def.restore_op_name = next(
        n.name for n in main(graphs) if n.op == "SaveV2"
    )


def _as_the_place_to_restore_from(graphs: Any) -> None:
    text(main(graphs), "/other/variables", "other")
    next(n for n in main(graphs) if n.op == "RestoreV2").input[0] = "other"


def _as_a_variables_first_value(graphs: Any) -> None:
    saver = next(n.name for n in main(graphs) if n.op == "SaveV2")
    variable = variable_pb2.VariableDef(variable_name="w:0", initializer_name=saver)
    records = graphs.meta_graphs[0].collection_def["local_variables"].bytes_list.value
    records.append(variable.SerializeToString())


def _as_the_main_op(graphs: Any) -> None:
    saver = next(n.name for n in main(graphs) if n.op == "MergeV2Checkpoints")
    graphs.meta_graphs[0].collection_def["saved_model_main_op"].node_list.value[:] = [saver]


def _as_the_first_signature(graphs: Any) -> None:
    saver = next(n.name for n in main(graphs) if n.op == "ShardedFilename")
    signature = graphs.meta_graphs[0].signature_def["__saved_model_init_op"]
    signature.outputs["__saved_model_init_op"].name = f"{saver}:0"


def _as_a_sparse_output(graphs: Any) -> None:
    reader = next(n.name for n in main(graphs) if n.op == "RestoreV2")
    output = graphs.meta_graphs[0].signature_def["serving_default"].outputs["z"]
    output.coo_sparse.values_tensor_name = f"{reader}:0"


def _as_a_tables_file(graphs: Any) -> None:
    text(main(graphs), "/etc/passwd", "place")
    next(n for n in main(graphs) if n.op.startswith("InitializeTable")).input[1] = "place"


def _as_a_loop_that_loading_runs(graphs: Any) -> None:
    loop = next(n.name for n in main(graphs) if n.op.endswith("While"))
    graphs.meta_graphs[0].collection_def["saved_model_main_op"].node_list.value[:] = [loop]


FLAT: dict[str, tuple[Change, str]] = {
    "before restoring": (_as_a_control_input_of_restoring, "SaveV2 in the main graph .* writes"),
    "instead of restoring": (_as_the_restoring_itself, "SaveV2 in the main graph .* writes"),
    "another place to restore from": (_as_the_place_to_restore_from, "RestoreV2 .* reads files"),
    "a variable's first value": (_as_a_variables_first_value, "SaveV2 .* writes files"),
    "the main op": (_as_the_main_op, "MergeV2Checkpoints .* writes files"),
    "the first signature": (_as_the_first_signature, "ShardedFilename .* writes files"),
    "a sparse output": (_as_a_sparse_output, "RestoreV2 .* reads files"),
    "a table of any file": (_as_a_tables_file, "InitializeTableFromTextFileV2 .* reads files"),
    "a loop that loading runs": (_as_a_loop_that_loading_runs, "runs while the model is loaded"),
}


def _refuse(folder: Path, source: Path, change: Change, message: str) -> None:
    graphs = graphs_of(source)
    assert graph_dangers(graphs) == []
    change(graphs)
    (folder / "variables").symlink_to(source / "variables", target_is_directory=True)
    hostile = folder / "cat"
    hostile.mkdir()
    (hostile / "saved_model.pb").write_bytes(graphs.SerializeToString())
    with pytest.raises(ModelError, match=rf"{message}.*--unsafe"):
        load_model(hostile)
    assert not Path(PROOF).exists()


@pytest.mark.parametrize("name", [*ANYWHERE, *WITH_OBJECTS])
def test_a_model_with_objects_that_holds_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects: Path, name: str
) -> None:
    """The message names the operation, its node and where it is."""
    monkeypatch.chdir(tmp_path)
    _refuse(tmp_path, objects, *(ANYWHERE | WITH_OBJECTS)[name])


@pytest.mark.parametrize("name", [*ANYWHERE, *FLAT])
def test_a_flat_model_that_holds_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat: Path, name: str
) -> None:
    """TensorFlow runs parts of such a graph while it loads: those are looked at as well."""
    monkeypatch.chdir(tmp_path)
    _refuse(tmp_path, flat, *(ANYWHERE | FLAT)[name])


def test_honest_models_with_tables_are_loaded(objects: Path, flat: Path) -> None:
    """Their assets are read, and their own savers are no danger."""
    (x,) = (tf.constant([[1.0, 1.0, 1.0]]),)
    assert load_model(objects).call(x)[0][1].numpy().tolist() == [[3.0, 3.0, 3.0]]
    assert load_model(flat).call(x)[0][1].numpy().tolist() == [[4.0, 9.0, 16.0]]


def test_what_keras_2_saves_beside_its_layers_is_no_danger(tmp_path: Path) -> None:
    """The step of `adapt` reads an iterator, and branches of recurrent layers wrap tensors."""
    import tf_keras

    layers = tf_keras.layers
    norm = layers.Normalization()
    norm.adapt(np.ones((4, 7, 5), np.float32))
    model = tf_keras.Sequential(
        [layers.InputLayer((7, 5)), norm, layers.Masking(), layers.Bidirectional(layers.GRU(3))]
    )
    model.save(tmp_path / "cat", save_format="tf")
    graphs = graphs_of(tmp_path / "cat")
    ops = {n.op for function in library(graphs) for n in function.node_def}
    assert {"IteratorGetNext", "OptionalFromValue"} <= ops
    assert graph_dangers(graphs) == []


def test_python_in_a_step_of_adapting_counts_only_where_something_calls_it(
    tmp_path: Path, objects: Path
) -> None:
    """Keras 2's Discretization leaves NumPy's arithmetic in a function that nothing runs."""
    import tf_keras

    cuts = tf_keras.layers.Discretization(num_bins=4)
    cuts.adapt(np.linspace(-1, 1, 99, dtype=np.float32).reshape(33, 3))
    model = tf_keras.Sequential([tf_keras.layers.InputLayer((3,)), cuts])
    model.save(tmp_path / "cat", save_format="tf")
    graphs = graphs_of(tmp_path / "cat")
    assert "PyFunc" in {n.op for function in library(graphs) for n in function.node_def}
    assert graph_dangers(graphs) == []
    graphs = graphs_of(objects)
    made = library(graphs).add()
    made.signature.name = "__inference_adapt_step_7"
    node(made.node_def, "PyFunc")
    assert graph_dangers(graphs) == []
    caller = library(graphs)[0].node_def.add(name="call", op="PartitionedCall")
    caller.attr["f"].func.name = made.signature.name
    assert [danger.does for danger in graph_dangers(graphs)] == ["calls Python functions"]
    del library(graphs)[0].node_def[-1]
    made.signature.name = "__inference_adapt_steps"
    assert [danger.does for danger in graph_dangers(graphs)] == ["calls Python functions"]


def test_an_asset_in_the_old_collection_is_looked_at(tmp_path: Path, flat: Path) -> None:
    """TensorFlow 1 kept assets there, and TensorFlow 2 still reads them."""
    graphs = graphs_of(flat)
    graph = graphs.meta_graphs[0]
    asset = meta_graph_pb2.AssetFileDef(filename="../../etc/passwd")
    asset.tensor_info.name = "words:0"
    del graph.asset_file_def[:]
    graph.collection_def["saved_model_assets"].any_list.value.add().Pack(asset)
    (tmp_path / "saved_model.pb").write_bytes(graphs.SerializeToString())
    with pytest.raises(ModelError, match=r"the asset '../../etc/passwd', outside its own"):
        load_model(tmp_path)
