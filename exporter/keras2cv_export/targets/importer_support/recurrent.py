"""Forms of LSTM and GRU."""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import integer

from .rule import Rule, computed, has, word

_RECURRENT = ("LSTM", "GRU")
_UNUSUAL = ("activation_alpha", "activation_beta", "clip", "input_forget", "layout")
_FUNCTIONS = ("Sigmoid", "Tanh")


def unusual(node: ir.Node) -> bool:
    """It has other activations, lengths for each sample, peepholes, or computed weights."""
    attributes = any(name in node.attributes for name in _UNUSUAL) or _other_functions(node)
    return attributes or any(has(node, k) for k in (4, 7)) or any(computed(node, k) for k in (1, 2))


def _other_functions(node: ir.Node) -> bool:
    """It has activations that are not the sigmoid or tanh, or that are not an LSTM's of one way."""
    given = node.attributes.get("activations")
    if given is None:
        return False
    names = given.as_strings()
    return node.op_type != "LSTM" or len(names) != 3 or any(n not in _FUNCTIONS for n in names)


def computed_state(node: ir.Node) -> bool:
    """Its first state is computed."""
    return any(computed(node, k) for k in (5, 6))


def last_of_reversed(node: ir.Node) -> bool:
    """Its last state is read, and it goes from the end to the beginning."""
    return last_read(node) and backwards(node)


def last_read(node: ir.Node) -> bool:
    """Its last state is read."""
    return any(output.uses() or output.is_graph_output() for output in node.outputs[1:])


def unnamed_state(node: ir.Node) -> bool:
    """It has an output for a later state, and none for one before it."""
    return any(output.name == "" for output in node.outputs)


def reset_before(node: ir.Node) -> bool:
    """Its reset gate is applied before the product."""
    return not integer(node, "linear_before_reset", 0)


def stateless(node: ir.Node) -> bool:
    """It has no first state."""
    return not has(node, 5)


def lone_output(node: ir.Node) -> bool:
    """It has no output for its last state."""
    return len(node.outputs) == 1


def backwards(node: ir.Node) -> bool:
    """It goes from the end to the beginning."""
    return word(node, "direction", "forward") == "reverse"


RULES = (
    Rule("unusual recurrence", _RECURRENT, unusual, "its cell is not the usual one"),
    Rule("computed state", ("LSTM",), computed_state, "its first state is computed"),
    Rule("last of reversed", ("LSTM",), last_of_reversed, "its last state is read backwards"),
    Rule("unnamed state", ("LSTM",), unnamed_state, "an output is left out before another one"),
    Rule("reset before", ("GRU",), reset_before, "it resets its state before the product"),
    Rule("no first state", ("GRU",), stateless, "its first state is left out"),
    Rule("lone output", ("GRU",), lone_output, "its last state is no output"),
    Rule("state of gates", ("GRU",), computed_state, "its first state is computed"),
    Rule("last of gates", ("GRU",), last_read, "its last state is read"),
    Rule("gates backwards", ("GRU",), backwards, "it goes backwards"),
)
