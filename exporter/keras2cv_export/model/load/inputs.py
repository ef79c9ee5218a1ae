"""Find the inputs of a Keras model: from the model, from its first call, or from the user."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras2cv.errors import ModelError
from keras2cv_export.model.spec import TensorSpec

from .loaded import Shapes
from .names import paths, unique


def inputs_of(model: Any, shapes: Shapes) -> tuple[Any, list[str]]:
    """Return the structure that `model(...)` takes, with shapes at its leaves, and their names."""
    if isinstance(model, keras.Sequential) and not model.built and shapes is not None:
        model.build(_only_shape(shapes))
        given = list(shapes) if isinstance(shapes, Mapping) else []
        return model.inputs[0], [str(name) for name in given if name] or ["input"]
    if parameters := separate_inputs(model):
        return _separate(model, parameters, shapes), list(parameters)
    if isinstance(model, keras.Sequential) and model.built:
        structure = _first_input(model, shapes)
    elif getattr(model, "inputs", None):  # Functional models know the structure too
        structure = model.input
    else:
        structure = _recorded_inputs(model, shapes)
    names = paths(structure, default="input")
    if isinstance(structure, dict):
        return structure, names
    symbols = keras.tree.flatten(structure)
    if all(isinstance(t, keras.KerasTensor) and t.name for t in symbols) and hasattr(
        model, "inputs"
    ):
        names = unique([str(t.name) for t in symbols])
    return structure, names


def _first_input(model: Any, shapes: Shapes) -> Any:
    """Return the input of a Sequential that was built.

    One with a layer whose result Keras cannot tell has none of its own, only an Input in front.
    """
    if has_graph(model):
        return model.inputs[0]
    front = next((one for one in model._layers if isinstance(one, keras.layers.InputLayer)), None)
    return _recorded_inputs(model, shapes) if front is None else front.output


def has_graph(model: Any) -> bool:
    """Whether a Sequential knows its tensors, as a Functional model does."""
    return getattr(model, "_functional", None) is not None


def _recorded_inputs(model: Any, shapes: Shapes) -> Any:
    """Rebuild a subclassed model's inputs from the shapes of its first call.

    Raises:
        ModelError: It has never been called, and no shape was given.
    """
    recorded = getattr(model, "_build_shapes_dict", None)
    if recorded and len(recorded) == 1:
        return _symbols(next(iter(recorded.values())), model)
    if isinstance(shapes, Mapping) and shapes:
        return {name: _symbol(shape, model) for name, shape in shapes.items()}
    if shapes is not None:
        return _symbol(_only_shape(shapes), model)
    raise ModelError(
        f"The model {model.name!r} has never been called, so that its input shapes are unknown. "
        "Call it once on an example, or give --input-shape."
    )


def separate_inputs(model: Any) -> tuple[str, ...]:
    """Return the parameters of a subclassed model's `call` that are inputs; none if it is one."""
    if getattr(model, "inputs", None) or isinstance(model, keras.Sequential):
        return ()
    needed = tuple(
        parameter.name
        for parameter in inspect.signature(model.call).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
        and parameter.name not in ("training", "mask")
    )
    return needed if len(needed) > 1 else ()


def _separate(model: Any, parameters: Sequence[str], shapes: Shapes) -> list[Any]:
    """Return the inputs of a model whose `call` takes each by a parameter of its own.

    Raises:
        ModelError: The shape of one is not known.
    """
    recorded = getattr(model, "_build_shapes_dict", None) or {}
    given = shapes if isinstance(shapes, Mapping) else {}
    known = {name: recorded.get(f"{name}_shape", given.get(name)) for name in parameters}
    missing = [name for name, shape in known.items() if shape is None]
    if missing:
        options = " ".join(f"--input-shape {name}:1,..." for name in parameters)
        raise ModelError(
            f"The call() of the model {model.name!r} takes {' and '.join(parameters)} apart, and "
            f"nothing says which shape {missing[0]} has. Give all of them: {options}"
        )
    return [_symbols(shape, model) for shape in known.values()]


def _only_shape(shapes: Shapes) -> Sequence[int]:
    if isinstance(shapes, Mapping):
        if len(shapes) != 1:
            raise ModelError(f"This model has one input, and {len(shapes)} shapes were given.")
        return next(iter(shapes.values()))
    return tuple(shapes or ())


def _symbols(recorded: Any, model: Any) -> Any:
    if isinstance(recorded, Mapping):
        return {key: _symbols(value, model) for key, value in recorded.items()}
    if isinstance(recorded, list | tuple) and not all(isinstance(d, int | None) for d in recorded):
        return [_symbols(value, model) for value in recorded]
    return _symbol(recorded, model)


def _symbol(shape: Sequence[int | None], model: Any) -> Any:
    dtype = getattr(model, "input_dtype", None) or "float32"
    return keras.KerasTensor((None, *list(shape)[1:]), dtype=dtype)


def refuse_text(declared: Sequence[TensorSpec], model: Any = None) -> None:
    """Refuse a model with an input that holds text; name the layer of `model` that reads it.

    Raises:
        ModelError: There is such an input.
    """
    for spec in declared:
        if spec.dtype != "string":
            continue
        reader = _first_reader(model, spec.name)
        if reader is None:
            raise ModelError(
                f"The input {spec} is text, and OpenCV takes numbers only. "
                "Look words up before the model, and export the part that follows."
            )
        name, kind = str(reader.name), type(reader).__name__
        raise ModelError(
            f"The input {spec} is text, which the {kind} layer {name!r} turns into numbers, and "
            "OpenCV takes numbers only. Call that layer before the net, and export a keras.Model "
            f"whose input is model.get_layer({name!r}).output instead."
        )


def _first_reader(model: Any, name: str) -> Any:
    """Return the layer that reads an input directly; None where nobody knows."""
    for layer in getattr(model, "layers", ()):
        try:
            read = keras.tree.flatten(layer.input)
        except (AttributeError, ValueError):  # it has several calls, or none
            continue
        is_input = type(layer).__name__ == "InputLayer"
        if not is_input and any(str(getattr(one, "name", "")) == name for one in read):
            return layer
    return None
