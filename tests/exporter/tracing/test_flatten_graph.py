"""Flat graphs: calls in place, loops unrolled, branches taken, and other ops refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import Flat, flat, random

CONTROL = {"While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase"}
CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


def assert_flat(traced: Flat, limit: float = 2e-6) -> None:
    """The numbers are the same, and no call, loop, branch or list is left."""
    traced.assert_same(limit)
    assert not (CONTROL | CALLS) & set(traced.ops)
    assert not [op for op in traced.ops if op.startswith("TensorList")]
    assert not traced.graph.graph_def.library.function


# -- calls ----------------------------------------


def test_nested_functions_are_inlined() -> None:
    """A function that calls a function, twice, with other arguments."""
    inner = tf.function(lambda x, y: tf.tanh(x) * y)
    outer = tf.function(lambda x: (inner(x, 2.0) + inner(x, x), x))
    assert_flat(flat(lambda x: outer(outer(x)[0]), random(2, 5)))


def test_compiled_functions_are_inlined() -> None:
    """Keras compiles some convolutions with XLA."""
    compiled = tf.function(lambda x: tf.cumsum(tf.exp(x), 1), jit_compile=True)
    assert_flat(flat(compiled, random(2, 5)))


# -- loops ----------------------------------------


def counted(x: Any) -> Any:
    """Loop with a counter."""
    return tf.while_loop(lambda i, _: i < 4, lambda i, y: (i + 1, tf.sin(y) * 1.5), (0, x))[1]


def counted_by_a_shape(x: Any) -> Any:
    """Loop over the columns."""
    return tf.while_loop(
        lambda i, _: i < tf.shape(x)[1], lambda i, y: (i + 1, y + x[:, i, tf.newaxis]), (0, x)
    )[1]


def counted_in_floats(x: Any) -> Any:
    """Loop until a sum of floats is large enough."""
    return tf.while_loop(lambda t, _: t < 1.0, lambda t, y: (t + 0.3, y * (t + 0.5)), (0.0, x))[1]


def nested(x: Any) -> Any:
    """Loop in a loop."""

    def body(i: Any, y: Any) -> Any:
        inner = tf.while_loop(
            lambda j, _: j <= i, lambda j, z: (j + 1, z * 0.5 + tf.cast(j, tf.float32)), (0, y)
        )
        return i + 1, inner[1]

    return tf.while_loop(lambda i, _: i < 3, body, (0, x))[1]


def never(x: Any) -> Any:
    """Loop whose body never runs."""
    return tf.while_loop(lambda i, _: i < 0, lambda i, y: (i + 1, y * 0), (0, x))[1]


@tf.function
def for_and_while(x: Any) -> Any:
    """Python loops over tensors, as AutoGraph writes them."""
    total = tf.zeros_like(x[:, 0])
    for row in tf.transpose(x):
        total = total * 0.5 + row
    k = tf.constant(0)
    while k < 3:
        total = tf.tanh(total) if k == 1 else total + 1.0
        k += 1
    return total


LOOPS: dict[str, Callable[[Any], Any]] = {
    "a counter": counted,
    "a shape": counted_by_a_shape,
    "floats": counted_in_floats,
    "nested": nested,
    "never": never,
    "map_fn": lambda x: tf.map_fn(lambda r: tf.reduce_sum(r) * r, x),
    "map_fn of other types": lambda x: tf.map_fn(
        tf.argmax, x, fn_output_signature=tf.int64
    ) + 1,
    "scan": lambda x: tf.scan(lambda a, r: a * 0.7 + r, x),
    "scan backwards": lambda x: tf.scan(lambda a, r: a * 0.7 + r, x, reverse=True),
    "foldl": lambda x: tf.foldl(lambda a, r: a * 0.7 + r, x),
    "autograph": for_and_while,
    "vectorized_map": lambda x: tf.vectorized_map(lambda r: tf.linalg.matvec(x, r), x),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_known_length_is_unrolled(name: str) -> None:
    """The steps follow from constants and shapes, however the loop was written."""
    assert_flat(flat(LOOPS[name], random(4, 4)))


def test_a_loop_that_reads_variables() -> None:
    """A variable that the body captures is read once, as a weight."""
    weight = tf.Variable(random(5, 5) * 0.3)
    traced = flat(
        lambda x: tf.while_loop(
            lambda i, _: i < 3, lambda i, y: (i + 1, tf.matmul(y, weight)), (0, x)
        )[1],
        random(2, 5),
    )
    assert_flat(traced)
    assert traced.ops["MatMul"] == 3
    assert [w.shape for w in traced.graph.weights.values()] == [(5, 5)]


def doubled_up_to_nine(x: tf.Tensor) -> tf.Tensor:
    """Loop until a value is reached."""
    return tf.while_loop(lambda y: tf.reduce_max(y) < 9, lambda y: (y * 2,), (x,))[0]


def test_a_loop_until_a_value_is_reached_is_refused_inside_of_a_net() -> None:
    """The number of steps must not depend on the input; the error gives advice.

    At the end of a net it is done in NumPy: test_tail_loops.py.
    """
    with pytest.raises(UnsupportedError) as caught:
        flat(lambda x: tf.nn.softplus(doubled_up_to_nine(x)), abs(random(2, 3)))
    assert "a loop whose number of steps depends on the input" in str(caught.value)
    assert "Loop a fixed number of times" in str(caught.value)


def test_a_loop_of_very_many_steps_is_refused() -> None:
    """Unrolling ten thousand steps would make a graph too large to load."""
    with pytest.raises(UnsupportedError, match="a loop of more than 2000 steps"):
        flat(lambda x: tf.while_loop(lambda i, _: i < 10_000, lambda i, y: (i + 1, y), (0, x))[1],
             random(2))  # fmt: skip


# -- branches ----------------------------------------


@pytest.mark.parametrize("wide", [True, False])
def test_a_branch_on_a_shape_is_taken(wide: bool) -> None:
    """The branch that is not taken leaves nothing behind."""
    x = random(2, 7 if wide else 3)
    traced = flat(
        lambda v: tf.cond(tf.shape(v)[1] > 5, lambda: tf.sin(v), lambda: tf.cos(v[:, :2])), x
    )
    assert_flat(traced)
    assert (traced.ops["Sin"], traced.ops["Cos"]) == ((1, 0) if wide else (0, 1))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_branch_on_the_input_is_selected(sign: int) -> None:
    """Both branches are computed, and the input chooses at run time."""
    traced = flat(
        lambda v: tf.cond(tf.reduce_sum(v) > 0, lambda: (tf.sin(v), v), lambda: (v * 2, tf.cos(v))),
        sign * abs(random(2, 3)),
    )
    assert_flat(traced)
    assert (traced.ops["Sin"], traced.ops["Cos"]) == (1, 1)


@pytest.mark.parametrize("index", [0, 1, 2, 7, -1])
def test_a_case_on_the_input_is_selected(index: int) -> None:
    """An index beyond the branches takes the last one."""
    traced = flat(
        lambda i, v: tf.switch_case(i[0], [lambda: v + 1, lambda: v * 3, lambda: tf.exp(v)]),
        np.array([index], np.int32),
        random(2, 3),
    )
    assert_flat(traced)


def test_branches_of_different_shapes_are_refused() -> None:
    """A result that is sometimes longer has no place in a net of fixed shapes."""
    with pytest.raises(UnsupportedError, match="results of different shapes"):
        flat(lambda v: tf.cond(tf.reduce_sum(v) > 0, lambda: v[:1], lambda: v), random(2, 3))


# -- what is refused ----------------------------------------


def test_everything_refused_is_listed() -> None:
    """All at once: a loop, a count, and nothing of the nodes that depend on them."""

    def function(x: Any) -> Any:
        with tf.name_scope("encoder"):
            y = tf.while_loop(
                lambda v: tf.reduce_max(v) < 9, lambda v: (v + tf.random.uniform(v.shape),), (x,)
            )[0]
        with tf.name_scope("head"):
            z = tf.roll(tf.tanh(y), tf.cast(x[0, 0], tf.int32), 0)
            return z, tf.roll(x, tf.cast(x[0, 0], tf.int32), 0)

    with pytest.raises(UnsupportedError) as caught:
        flat(function, abs(random(2, 3)))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("OpenCV cannot run 2 ops of this model")
    assert ["encoder" in lines[1], "head" in lines[2]] == [True, True]


def test_text_is_refused() -> None:
    """Strings are nothing that a net computes with."""
    with pytest.raises(UnsupportedError, match="text"):
        flat(lambda x: tf.strings.length(tf.strings.as_string(x)), random(3))
