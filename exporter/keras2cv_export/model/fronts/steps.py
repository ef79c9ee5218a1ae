"""A preprocessing layer as steps of the manifest's front."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from keras2cv.errors import ModelError
from keras2cv.numpy_front.record import FrontStep
from keras2cv.numpy_front.rules import EncodingRule, HashRule, LookupTable, TextRule, escaped
from keras2cv.schema.fields import MAX_INT, MAX_TEXT_BYTES

from .calls import LayerCall

_SAME: Final = ("Identity", "TFDIdentity")


def is_known(call: LayerCall) -> bool:
    """Whether there are steps for a layer's kind."""
    return call.kind in _STEPS and call.given is not None


def steps_of(call: LayerCall, inputs: Sequence[str], output: str) -> list[FrontStep]:
    """Return the steps of one layer, from the names of its inputs to the name of its output.

    Raises:
        ModelError: The layer does something that no step does.
    """
    if getattr(getattr(call.layer, "_lookup_layer", call.layer), "sparse", False):
        raise _refused(call, "gives sparse tensors")
    steps = list(_STEPS[call.kind](call, tuple(inputs)))
    named: dict[str, str] = {}
    result = []
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        named[step.output] = output if is_last else f"{output}/{step.output}"
        read = tuple(named.get(name, name) for name in step.inputs) if number else tuple(inputs)
        result.append(_renamed(step, read, named[step.output]))
    return result


def _renamed(step: FrontStep, inputs: tuple[str, ...], output: str) -> FrontStep:
    changes: dict[str, Any] = {
        key: getattr(step, key)
        for key in ("text", "table", "length", "encoding", "hashing", "edges", "shape")
    }
    return FrontStep(step.op, inputs, output, **changes)


def _string_lookup(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    yield from _lookup(call, call.layer, inputs)


def _text_vectorization(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    layer, config = call.layer, _config(call)
    standardize, split = config["standardize"], config["split"]
    for key, value in (("standardize", standardize), ("split", split)):
        if value is not None and not isinstance(value, str):
            raise _refused(call, f"has a function of its own as {key}")
    mode = _mode(config)
    if config.get("ragged"):
        raise _refused(call, "gives ragged tensors")
    if split is not None and mode == "one_hot":
        raise _refused(call, "gives ragged tensors, one_hot of each word")
    length = config["output_sequence_length"]
    if mode == "int" and split is not None and length is None:
        raise _refused(
            call,
            "has no output_sequence_length, and a net has one size",
            "Set output_sequence_length to the most words that a text may have.",
        )
    ngrams = layer._ngrams
    if ngrams is not None and split is None:
        raise _refused(call, "makes n-grams of texts that it does not split")
    rule = TextRule(standardize or "none", split or "none", None if ngrams is None else ngrams)
    yield FrontStep("split", inputs, "words", text=rule)
    *before, last = _lookup(call, layer._lookup_layer, ("words",))
    yield from before
    yield last
    if mode == "int" and length is not None:
        yield FrontStep("pad", (last.output,), "padded", length=int(length))


def _lookup(call: LayerCall, layer: Any, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    """Yield the lookup of a StringLookup, an IntegerLookup or the one in a TextVectorization."""
    config = layer.get_config()
    mode = _mode(config)
    if config.get("invert"):
        raise _refused(call, "makes text of numbers")
    if config.get("encoding", "utf-8").lower().replace("-", "") != "utf8":
        raise _refused(call, f"reads {config['encoding']}")
    whole = type(layer).__name__ == "IntegerLookup"
    words = layer.get_vocabulary(include_special_tokens=False)
    mask, unknown = config["mask_token"], int(config["num_oov_indices"])
    start = 1 if mask is not None and mode == "int" else 0
    remainder = whole and config.get("oov_method", "floormod") != "farmhash"
    table = LookupTable(
        words=tuple(_word(call, word) for word in words),
        first=start + unknown,
        unknown=unknown,
        unknown_first=start,
        whole_numbers=whole,
        remainder=remainder,
        salt=_salt(call, config.get("salt")),
        mask=None if mask is None else _word(call, mask),
        mask_number=None if mask is None else (0 if mode == "int" else -1),
    )
    yield FrontStep("lookup", inputs, "numbers", table=table)
    if mode != "int":
        depth = len(words) + unknown
        if config.get("pad_to_max_tokens") and config.get("max_tokens"):
            depth = int(config["max_tokens"])
        yield _encode(call, "numbers", mode, depth, _idf(layer) if mode == "tf_idf" else None)


def _hashing(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    config = _config(call)
    mask = config["mask_value"]
    if isinstance(mask, float) and not mask.is_integer():
        raise _refused(call, f"masks {mask}, no whole number")
    if isinstance(mask, float):
        mask = int(mask)
    rule = HashRule(
        int(config["num_bins"]),
        _salt(call, config["salt"]),
        None if mask is None else _word(call, mask),
    )
    yield FrontStep("hash", inputs, "numbers", hashing=rule)
    if _mode(config) != "int":
        yield _encode(call, "numbers", _mode(config), rule.bins)


def _hashed_crossing(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    config = _config(call)
    rule = HashRule(int(config["num_bins"]))
    yield FrontStep("cross", inputs, "numbers", hashing=rule)
    if _mode(config) != "int":
        yield _encode(call, "numbers", _mode(config), rule.bins)


def _discretization(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    config = _config(call)
    edges = tuple(float(np.float32(edge)) for edge in call.layer.bin_boundaries)
    yield FrontStep("bins", inputs, "numbers", edges=edges)
    if _mode(config) != "int":
        yield _encode(call, "numbers", _mode(config), len(edges) + 1)


def _category_encoding(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    config = _config(call)
    yield _encode(call, inputs[0], _mode(config), int(config["num_tokens"]))


def _reshape(call: LayerCall, inputs: tuple[str, ...]) -> Iterator[FrontStep]:
    shape = tuple(call.outputs[0].shape)[1:]
    if None in shape:
        raise _refused(call, "gives a shape with an open size")
    yield FrontStep("reshape", inputs, "shaped", shape=tuple(int(size) for size in shape))


def _same(_: LayerCall, __: tuple[str, ...]) -> Iterator[FrontStep]:
    yield from ()


def _encode(
    call: LayerCall, name: str, mode: str, depth: int, weights: tuple[float, ...] | None = None
) -> FrontStep:
    """Return the step that encodes an array.

    Args:
        call: The layer's.
        name: The array's.
        mode: One of EncodingRule's.
        depth: How many numbers a sample gets.
        weights: Those of tf_idf.
    """
    if mode not in ("one_hot", "multi_hot", "count", "tf_idf"):
        raise _refused(call, f"has the output mode {mode!r}")
    rule = EncodingRule(mode, depth, weights)  # type: ignore[arg-type]
    return FrontStep("encode", (name,), "encoded", encoding=rule)


def _config(call: LayerCall) -> Mapping[str, Any]:
    config: Mapping[str, Any] = call.layer.get_config()
    return config


def _mode(config: Mapping[str, Any]) -> str:
    mode = str(config["output_mode"])
    return {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)


def _idf(layer: Any) -> tuple[float, ...]:
    return tuple(float(weight) for weight in np.asarray(layer.idf_weights_const, np.float32))


def _word(call: LayerCall, word: Any) -> str:
    text = str(word) if isinstance(word, str) else str(int(word))
    if len(escaped(text).encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise _refused(call, f"has a word of more than {MAX_TEXT_BYTES} bytes: {text[:30]!r}...")
    return escaped(text)


def _salt(call: LayerCall, salt: Any) -> tuple[int, int] | None:
    if salt is None:
        return None
    first, second = (salt, salt) if isinstance(salt, int) else salt
    if max(abs(int(first)), abs(int(second))) > MAX_INT:
        raise _refused(call, f"has a salt beyond {MAX_INT}")
    return int(first), int(second)


def _refused(call: LayerCall, problem: str, advice: str = "") -> ModelError:
    advice = advice or (
        f"Call it before the net, and export a keras.Model whose input is its output instead, "
        f"model.get_layer({call.name!r}).output."
    )
    return ModelError(
        f"The {call.kind} layer {call.name!r} {problem}, and keras2cv has no steps for that. "
        f"{advice}"
    )


_STEPS: Final[Mapping[str, Callable[[LayerCall, tuple[str, ...]], Iterator[FrontStep]]]] = {
    "StringLookup": _string_lookup,
    "IntegerLookup": _string_lookup,
    "TextVectorization": _text_vectorization,
    "Hashing": _hashing,
    "HashedCrossing": _hashed_crossing,
    "Discretization": _discretization,
    "CategoryEncoding": _category_encoding,
    "Reshape": _reshape,
    "Flatten": _reshape,
    **dict.fromkeys(_SAME, _same),
}
