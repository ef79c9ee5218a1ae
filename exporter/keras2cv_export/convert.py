"""From a loaded model to the graph that OpenCV reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

import onnx_ir as ir

from keras2cv.bundle.manifest import InputTensor, NumpyTail, OutputTensor
from keras2cv.errors import Keras2cvError, ModelError
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import DType

from .graph.layout import NetTensor, blobs_in_and_out, settle
from .graph.misses import Miss
from .graph.origin import write_origins
from .importing.import_graph import ImportedGraph, import_graph
from .importing.import_in_child import import_in_child
from .model.load import LoadedModel
from .model.spec import TensorSpec
from .passes import OPTIONAL, pipeline
from .passes.fixpoint import name_of, rewrite
from .passes.registry import where_all_have
from .quiet.garbage import uncollected
from .targets.importer_support import refuse_large_integers, require_supported
from .targets.target import Target
from .tasks.recognise import Head, heads
from .tracing.batch_statistics import batch_statistics, reductions_of_rows
from .tracing.capture import TracedGraph, trace
from .tracing.to_onnx import to_onnx

_STATED: Final = {  # recurrent cell -> what an importer fails if it has no computed first states
    "lstm": "computed state",
    "gru": "state of gates",
    "rnn": "state of gates",
}
OPTIONAL_NAMES = frozenset(name_of(one) for one in OPTIONAL)


@dataclass(frozen=True)
class Converted:
    """A graph for OpenCV, and how its interface relates to Keras'.

    Attributes:
        model: The rewritten graph, weights included.
        inputs: For the manifest, in Keras' order.
        outputs: For the manifest, in Keras' order.
        heads: Each output's last activation.
        constant: Names of outputs that do not depend on any input, such as anchor boxes.
        fired: How often each pass changed something.
        tail: What the net does not do; None: nothing.
        unformed: The graph before it was given the forms that engines are fast at, if kept.
        unwritten: The graph before any rewrite, if kept.
        missed: What each pass left alone, by its name.
        mixing: The layers that normalize by the batch at hand.
        joining: The layers that may put the samples of a batch together otherwise.
        moved: Whether the model's own inputs, and outputs, are channels last.
        opened: The outputs that have as many rows as there can be, where the model has as many as
            it finds.
    """

    model: ir.Model
    inputs: tuple[InputTensor, ...]
    outputs: tuple[OutputTensor, ...]
    heads: tuple[Head, ...]
    constant: frozenset[str]
    fired: Counter[str]
    tail: NumpyTail | None = None
    unformed: ir.Model | None = None
    unwritten: ir.Model | None = None
    missed: Mapping[str, Sequence[Miss]] = field(default_factory=dict)
    mixing: tuple[str, ...] = ()
    joining: tuple[str, ...] = ()
    moved: tuple[bool, bool] = (True, True)
    opened: tuple[str, ...] = ()

    @property
    def optional(self) -> frozenset[str]:
        """Which of the rewrites fired that are right everywhere, and not worth it everywhere."""
        return optional_of(self.fired)

    def without(self, outputs: Collection[str]) -> Converted:
        """Return the same with fewer outputs, to decide on tasks by."""
        return replace(
            self,
            outputs=tuple(o for o in self.outputs if o.name not in outputs),
            heads=tuple(h for h in self.heads if h.spec.name not in outputs),
        )

    @property
    def scores(self) -> dict[str, str]:
        """The outputs of shape (N, classes) that end in softmax or sigmoid, for the comparison."""
        flat = [h for h in self.heads if h.classes is not None and h.activation != "linear"]
        return {h.spec.name: h.activation for h in flat}


def convert(loaded: LoadedModel, target: Target | None = None) -> Converted:
    """Trace, convert and rewrite.

    Args:
        loaded: The model.
        target: Which OpenCV it is for; None: as many as can be.

    Raises:
        ModelError: The model cannot be traced at static shapes.
        UnsupportedError: It has ops that the target cannot run, all of them named.
    """
    aim = target or Target.parse()
    converted = convert_unchecked(loaded, aim)
    require_supported(converted.model, aim)
    return converted


def convert_unchecked(
    loaded: LoadedModel, target: Target, *, keep: bool = False, unrolled: bool = False
) -> Converted:
    """Do the same, whether the target can run the result or not.

    Args:
        loaded: The model.
        target: Which OpenCV it is for.
        keep: Whether to keep what `formed` and `for_target` need, to give it other forms.
        unrolled: Whether recurrent layers are unrolled.

    Raises:
        ModelError: The model cannot be traced at static shapes, or has an output without numbers.
        UnsupportedError: It has ops that nothing converts.
    """
    with uncollected():
        try:
            return _converted(loaded, target, keep=keep, unrolled=unrolled)
        except SchemaError as error:
            raise ModelError(
                f"The model {loaded.name!r} cannot be described in a bundle: {error}. "
                "Change that input or output, or end the model before it."
            ) from error
        except Keras2cvError:
            raise
        except Exception as error:  # the passes trust what `to_onnx` writes, which this is not
            if loaded.graph is None:
                raise
            raise _not_converted(loaded, error) from error


def _not_converted(loaded: LoadedModel, error: Exception) -> ModelError:
    """Return the error for a stranger's graph in a form that no pass expects."""
    reason = " ".join(str(error).split()).rstrip(".")[:200]
    return ModelError(
        f"{loaded.source.file} cannot be converted, since a node in it has a form that ONNX does "
        f"not allow ({reason or type(error).__name__}). Export the model again."
    )


def _converted(loaded: LoadedModel, target: Target, *, keep: bool, unrolled: bool) -> Converted:
    traced: TracedGraph | ImportedGraph
    mixing: tuple[str, ...] = ()
    joining: tuple[str, ...] = ()
    if loaded.graph is not None:
        file = loaded.graph_file
        traced = import_graph(loaded) if file is None else import_in_child(loaded, file)
        model = traced.model
    else:
        ranking = not where_all_have("TopK")(target)
        stated = [cell for cell, form in _STATED.items() if where_all_have(form)(target)]
        traced = trace(loaded, ranking=ranking, unrolled=unrolled, stated=stated)
        mixing = batch_statistics(traced.graph_def, traced.inputs)
        joining = reductions_of_rows(traced.graph_def, traced.inputs)
        model = to_onnx(traced)
    found = heads(model, traced.output_specs)
    names = [s.name for s in loaded.inputs], [s.name for s in traced.output_specs]
    blobs_in_and_out(model, *names, moved=loaded.moved)
    unwritten = model.clone() if keep else None
    stages = pipeline(target)
    missed: dict[str, Sequence[Miss]] = {}
    fired = rewrite(model, stages[:1], missed)
    refuse_large_integers(model)
    constant = _constant(model, traced.output_specs)
    unformed = model.clone() if keep else None
    fired += rewrite(model, stages[1:], missed)
    inputs, outputs = settle(model, moved=loaded.moved)
    write_origins(model)
    pairs = zip(traced.output_specs, outputs, strict=True)
    given, tail = _finished(traced, [_output(s, n, loaded) for s, n in pairs], loaded)
    return Converted(
        model,
        tuple(_input(s, n) for s, n in zip(loaded.inputs, inputs, strict=True)),
        given,
        _heads_of_model(found, traced),
        constant & {tensor.name for tensor in given},
        fired,
        tail,
        unformed,
        unwritten,
        missed,
        mixing,
        joining,
        loaded.moved,
        traced.opened,
    )


def for_target(converted: Converted, target: Target) -> Converted:
    """Return the same net rewritten for another target, with the same interface and weights.

    Raises:
        ModelError: Nothing was kept, or the interface is not the same.
    """
    if converted.unwritten is None:
        raise ModelError(
            "The graph was converted without keeping it as it was before its rewrites."
        )
    model = converted.unwritten.clone()
    with uncollected():
        fired = rewrite(model, pipeline(target))
    inputs, outputs = settle(model)
    write_origins(model)
    tail = converted.tail
    own = [o for o in converted.outputs if tail is None or o.net_name not in tail.made]
    promised: list[InputTensor | OutputTensor] = [*converted.inputs, *own]
    promised += tail.heads if tail else ()
    found = [*inputs, *outputs]
    if [(t.net_name, t.net_shape, t.layout) for t in promised] != [
        (t.net_name, t.shape if p.net_shape else (), t.layout)
        for t, p in zip(found, promised, strict=True)
    ]:
        raise ModelError("The graph for another OpenCV has other inputs or outputs.")
    return replace(converted, model=model, fired=fired, missed={})


def formed(converted: Converted, target: Target, optional: Collection[str]) -> Converted:
    """Return the same with those of the optional rewrites and no others; weights are shared.

    Raises:
        ModelError: Nothing was kept, or the interface is not the same.
    """
    if converted.unformed is None:
        raise ModelError("The graph was converted without keeping it as it was before its forms.")
    model = converted.unformed.clone()
    fired = rewrite(model, pipeline(target, optional)[1:])
    inputs, outputs = settle(model, moved=converted.moved)
    write_origins(model)
    names = [tensor.net_name for tensor in inputs + outputs]
    if names != _names_in_net(converted):
        raise ModelError(f"Other forms gave the net other names: {', '.join(names)}.")
    kept = {name: n for name, n in converted.fired.items() if name not in OPTIONAL_NAMES}
    return replace(converted, model=model, fired=Counter(kept | dict(fired)))


def _names_in_net(converted: Converted) -> list[str]:
    tail = converted.tail
    own = [o for o in converted.outputs if tail is None or o.net_name not in tail.made]
    inputs = [tensor.net_name for tensor in converted.inputs]
    return inputs + [o.net_name for o in (*own, *(tail.heads if tail else ()))]


def optional_of(names: Iterable[str]) -> frozenset[str]:
    """Return those that are names of optional rewrites."""
    return frozenset(names) & OPTIONAL_NAMES


def _finished(
    traced: TracedGraph | ImportedGraph, net: Sequence[OutputTensor], loaded: LoadedModel
) -> tuple[tuple[OutputTensor, ...], NumpyTail | None]:
    """Return the model's outputs and what finishes them, by what the net gives."""
    if (cut := traced.tail) is None:
        return tuple(net), None
    own, heads = iter(net[: -len(cut.heads)]), net[-len(cut.heads) :]
    outputs = tuple(
        _output(spec, NetTensor(cut.made[k], _sizes(spec), "same"), loaded)
        if k in cut.made
        else next(own)
        for k, spec in enumerate(traced.model_specs)
    )
    batched = (replace(h, batched=h.keras_shape[:1] == (loaded.batch,)) for h in heads)
    return outputs, NumpyTail(tuple(batched), cut.steps)


def _heads_of_model(found: Sequence[Head], traced: TracedGraph | ImportedGraph) -> tuple[Head, ...]:
    """Return each output's last activation; what a tail makes ends in none."""
    by_name = {head.spec.name: head for head in found}
    return tuple(by_name.get(s.name, Head(s, "linear")) for s in traced.model_specs)


def _constant(model: ir.Model, specs: Sequence[TensorSpec]) -> frozenset[str]:
    """Name the outputs that were folded into constants."""
    pairs = zip(specs, model.graph.outputs, strict=True)
    return frozenset(spec.name for spec, value in pairs if not _depends_on_input(value))


def _depends_on_input(value: ir.Value) -> bool:
    stack, seen = [value], set()
    while stack:
        item = stack.pop()
        if item.is_graph_input():
            return True
        node = item.producer()
        if node is not None and node not in seen:
            seen.add(node)
            stack.extend(v for v in node.inputs if v is not None)
    return False


def _input(spec: TensorSpec, net: NetTensor) -> InputTensor:
    shape = tuple(int(d or 0) for d in spec.shape)
    return InputTensor(spec.name, net.net_name, shape, net.shape, net.layout, _dtype(spec))


def _output(spec: TensorSpec, net: NetTensor, loaded: LoadedModel) -> OutputTensor:
    shape = _sizes(spec)
    if 0 in shape:
        raise ModelError(
            f"The output {spec.name!r} has the shape {shape}, which holds no numbers. "
            "Give its layer at least one unit, or end the model before it."
        )
    batched = shape[:1] == (loaded.batch,)
    if loaded.open_batch is not None:  # an open size in front may be another than the batch
        batched = batched and spec.name in loaded.open_batch
    # A number without axes has one axis in the net, since few importers know such numbers.
    net_shape = net.shape if shape else ()
    return OutputTensor(
        spec.name, net.net_name, shape, net_shape, net.layout, _dtype(spec), batched
    )


def _sizes(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(int(d or 0) for d in spec.shape)


def _dtype(spec: TensorSpec) -> DType:
    """A mixed-precision model's float16 output is given as the float32 that it is computed in."""
    return "float32" if spec.dtype in ("float16", "bfloat16") else cast("DType", spec.dtype)
