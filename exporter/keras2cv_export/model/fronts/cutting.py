"""Find the layers that must run before the net, and cut the model behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keras2cv.errors import ModelError
from keras2cv.numpy_front.record import ANY_SIZE, FrontInput, NumpyFront
from keras2cv.schema.fields import SchemaError
from keras2cv_export.model.spec import TensorSpec

from .calls import LayerCall, calls_of
from .drawing import drawn_values
from .model_front import ModelFront
from .proving import answered, front_problem
from .steps import is_known, steps_of

_HASHES: Final = ("Hashing", "HashedCrossing")  # of numbers, too, by way of text


@dataclass(frozen=True)
class Cut:
    """Where a model is cut.

    Attributes:
        front: The layers before.
        tensors: The symbolic tensors at the cut, by the names of the net's inputs.
        shapes: Their true shapes without the batch; Keras 3 declares some of another rank.
    """

    front: ModelFront
    tensors: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]


def cut_of(model: Any, declared: Sequence[TensorSpec], symbols: Sequence[Any]) -> Cut | None:
    """Return where to cut a model; None if it begins with what a net does.

    Args:
        model: A Keras model of Keras 2 or 3.
        declared: Its inputs, with the sizes that the user gave.
        symbols: Their symbolic tensors, in the same order.

    Raises:
        ModelError: A layer before the net does what no step does, or its steps differ from Keras.
    """
    calls = calls_of(model)
    before = _before_the_net(calls)
    if not before or not all(is_known(call) for call in before):
        return None  # the refusal of text names the layer
    names = {id(symbol): spec.name for symbol, spec in zip(symbols, declared, strict=True)}
    taken = set(names.values())
    steps = []
    for call in before:
        inputs = [names[id(tensor)] for tensor in call.inputs]
        output = _free(call.name, taken)
        made = steps_of(call, inputs, output)
        names[id(call.outputs[0])] = made[-1].output if made else inputs[0]
        taken |= {step.output for step in made}
        steps += made
    tensors = _at_the_cut(model, calls, before, names)
    inputs_read = tuple(_front_input(spec) for spec in declared)
    try:
        record = NumpyFront(inputs_read, tuple(steps))
    except SchemaError as error:
        raise ModelError(
            f"The layers before the net are too large for a bundle ({error}). Call them before "
            "the net, and export the part that follows."
        ) from error
    by_name = {spec.name: symbol for spec, symbol in zip(declared, symbols, strict=True)}
    front = ModelFront(record, tuple(before), by_name, tensors)
    if problem := front_problem(front, record):
        layers = ", ".join(f"{call.kind} {call.name!r}" for call in before)
        raise ModelError(
            f"The layers before the net ({layers}) compute something else in NumPy than in Keras: "
            f"{problem}. Call them before the net, and export the part that follows."
        )
    return Cut(front, tensors, _true_shapes(front))


def has_front(model: Any) -> bool:
    """Whether a layer of a model, or of a model in it, reads text or hashes."""
    return any(
        call.reads_text or call.kind in _HASHES or has_front(call.layer) for call in calls_of(model)
    )


def _before_the_net(calls: Sequence[LayerCall]) -> list[LayerCall]:
    """Return the calls that read text or hash, and all that lead to them, in order."""
    makers = {id(tensor): call for call in calls for tensor in call.outputs}
    wanted = [call for call in calls if call.reads_text or call.kind in _HASHES]
    found: set[int] = set()
    while wanted:
        call = wanted.pop()
        if id(call) not in found:
            found.add(id(call))
            wanted += [makers[id(tensor)] for tensor in call.inputs if id(tensor) in makers]
    return [call for call in calls if id(call) in found]


def _at_the_cut(
    model: Any, calls: Sequence[LayerCall], before: Sequence[LayerCall], names: Mapping[int, str]
) -> dict[str, Any]:
    """Return the tensors that the rest of the model reads, by name.

    Args:
        model: The model.
        calls: All of its calls.
        before: Those before the net.
        names: The names of the inputs and of what is made before the net, by identity.
    """
    early = {id(call) for call in before}
    read = [tensor for call in calls if id(call) not in early for tensor in call.inputs]
    if alone := [names[id(tensor)] for tensor in model.outputs if id(tensor) in names]:
        raise ModelError(
            f"The output {alone[0]} is made by the layers that read text alone, and is no part of "
            "a net. Leave it out, and call those layers yourself."
        )
    return {names[id(tensor)]: tensor for tensor in read if id(tensor) in names}


def _true_shapes(front: ModelFront) -> dict[str, tuple[int, ...]]:
    made = answered(front, drawn_values(front.record, 2, 0, odd=False))
    return {name: tuple(array.shape[1:]) for name, array in made.items()}


def _front_input(spec: TensorSpec) -> FrontInput:
    shape = tuple(ANY_SIZE if size is None else int(size) for size in spec.shape[1:])
    return FrontInput(spec.name, spec.dtype, shape)  # type: ignore[arg-type]


def _free(wish: str, taken: set[str]) -> str:
    name, number = wish, 1
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    return name
