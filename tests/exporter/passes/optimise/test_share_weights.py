"""Keeping one copy of weights that several nodes read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.share_weights import share_weights
from support.small_graphs import Array, apply, graph, random

Make = Callable[[], ir.Model]

WIDE = 1100  # numbers; smaller weights are left alone
TWICE = f"(float[2,{WIDE}] x) => (float[2,{WIDE}] y) {{ a = Mul (x, s)  y = Mul (a, t) }}"


def towers(**second: Array) -> Make:
    """Return a maker of two convolutions with the same weights and bias, or others."""
    text = """(float[2,7,5,6] x, float[2,7,5,6] z) => (float[2,19,3,4] y) {
        a = Conv (x, w, b)
        c = Conv (z, v, d)
        y = Sub (a, c)
    }"""
    first = {"w": random(19, 7, 3, 3), "b": random(19)}
    return lambda: graph(text, **first, **({"v": first["w"], "d": first["b"]} | second))


def three() -> ir.Model:
    """Return one scale under three names."""
    text = f"""(float[2,{WIDE}] x) => (float[2,{WIDE}] y) {{
        a = Mul (x, s)
        b = Mul (a, t)
        y = Mul (b, u)
    }}"""
    return graph(text, s=random(WIDE), t=random(WIDE), u=random(WIDE))


FORMS: dict[str, tuple[Make, int]] = {"towers": (towers(), 1), "three": (three, 2)}
every_form = pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)


@every_form
def test_it_counts_the_copies_that_went(make: Make, count: int) -> None:
    """One of each stays."""
    found = apply(share_weights, make())
    assert found.fired == count
    assert len(found.after.graph.initializer) == len(found.before.graph.initializer) - count


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """The same bits under one name, which OpenCV does not change under its other reader."""
    apply(share_weights, make()).assert_same_numbers(limit=0)


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(share_weights, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """The remaining weights differ."""
    assert apply(share_weights, make()).again == 0


def one_number_off() -> Array:
    """Return a large kernel with one number changed, where nobody glances."""
    kernel = random(19, 7, 3, 3)
    kernel[2, 1, 1, 0] += 1
    return kernel


NEAR_MISSES: dict[str, Make] = {
    "one number differs": towers(v=one_number_off()),
    "the shape differs": lambda: graph(TWICE, s=random(WIDE), t=random(WIDE).reshape(1, WIDE)),
    "the type differs": lambda: graph(
        f"(float[2,{WIDE}] x) => (float[2,{WIDE}] y) "
        "{ a = Mul (x, s)  b = Cast <to=1> (t)  y = Mul (a, b) }",
        s=np.zeros(WIDE, np.float32),
        t=np.zeros(WIDE, np.int32),
    ),
    "zero has another sign": lambda: graph(
        TWICE, s=np.zeros(WIDE, np.float32), t=-np.zeros(WIDE, np.float32)
    ),
    "it is small": lambda: graph(
        "(float[2,3] x) => (float[2,3] y) { a = Mul (x, s)  y = Mul (a, t) }",
        s=random(3),
        t=random(3),
    ),
    "it is on the left of products": lambda: graph(
        "(float[40,3] x) => (float[40,3] y) { a = MatMul (s, x)  y = MatMul (t, a) }",
        s=random(40, 40),
        t=random(40, 40),
    ),
    "other nodes read it": lambda: graph(
        f"(float[2,{WIDE}] x) => (float[2,{WIDE}] y) {{ a = Mul (x, s)  y = Sub (a, t) }}",
        s=random(WIDE),
        t=random(WIDE),
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Other numbers, shapes, types or bits."""
    apply(share_weights, make()).assert_untouched()


def test_a_weight_that_is_an_output_keeps_its_name() -> None:
    """Its twin stays as well."""
    model = graph(TWICE, s=random(WIDE), t=random(WIDE))
    model.graph.outputs.append(model.graph.initializers["t"])
    assert share_weights(model) == 0
    assert [v.name for v in model.graph.outputs] == ["y", "t"]
