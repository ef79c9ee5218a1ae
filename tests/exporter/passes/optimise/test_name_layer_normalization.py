"""Finding the layer normalisations that Keras spells out."""

from __future__ import annotations

import re

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.name_layer_normalization import name_layer_normalization
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, graph, random

EPSILON = np.array(1e-3, np.float32)
MEANS = """m = ReduceMean <axes=[-1]> (x)  n = Neg (m)  d = Sub (x, m)  q = Mul (d, d)
    v = ReduceMean <axes=[-1]> (q)  e = Add (v, epsilon)  r = Sqrt (e)  i = Reciprocal (r)"""
REST = "k = Mul (i, gamma)  a = Mul (x, k)  b = Mul (n, k)  c = Add (b, beta)  y = Add (a, c)"
PLAIN = "a = Mul (x, i)  c = Mul (n, i)  y = Add (a, c)"


def body(text: str, to: str = "3,5,7", of: str = "3,5,7", **given: Array) -> Make:
    """Return a maker of a graph that works on x (3, 5, 7)."""
    vectors = {"epsilon": EPSILON, "gamma": random(1, 1, 7), "beta": random(7)} | given
    used = {name: value for name, value in vectors.items() if name in text or name in given}
    return made(f"(float[{of}] x) => (float[{to}] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "scaled and centred": body(f"{MEANS} {REST}"),
    "without a scale": body(f"{MEANS} a = Mul (i, x)  b = Mul (i, n)  c = Add (beta, b)"
                            "  y = Add (c, a)"),
    "without a centre": body(f"{MEANS} k = Mul (gamma, i)  a = Mul (x, k)  c = Mul (k, n)"
                             "  y = Add (a, c)"),
    "neither": body(f"{MEANS} {PLAIN}"),
    "over the last two axes": body(
        f"{MEANS} {REST}".replace("[-1]", "[1,2]"), gamma=random(5, 7), beta=random(1, 5, 7)
    ),
    "over all but the batch, of an image": body(
        f"{MEANS} {REST}".replace("[-1]", "[-1,-3,-2]"),
        to="3,4,5,7", of="3,4,5,7", gamma=random(4, 5, 7), beta=random(1, 1, 7),
    ),
    "one vector": body(f"{MEANS} {REST}", to="2,9", of="2,9", gamma=random(9), beta=random(9)),
    "by one number": body(f"{MEANS} {REST}", gamma=random(1), beta=random()),
}  # fmt: skip


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_one_op_is_left(make: Make) -> None:
    """The same numbers, from either engine."""
    assert_rewritten(by=name_layer_normalization, model=make(), ops={"LayerNormalization": 1})


def test_one_of_another() -> None:
    """As before and after an attention layer."""
    one = f"{MEANS} {REST}"
    other = re.sub(r"\bx\b", "z", re.sub(r"\b([abcdeikmnqrv])\b", r"\1_2", one))
    ops = {"LayerNormalization": 2}
    make = body(f"{one.replace('y =', 'z =')} {other}")
    assert_rewritten(by=name_layer_normalization, model=make(), fired=2, ops=ops)


LEFT: dict[str, Make] = {
    "over the first of two axes": body(f"{MEANS} {PLAIN}".replace("[-1]", "[1]")),
    "over other axes than the last": body(f"{MEANS} {PLAIN}".replace("[-1]", "[0,2]")),
    "the variance over other axes": body(
        f"{MEANS} {PLAIN}".replace("v = ReduceMean <axes=[-1]>", "v = ReduceMean <axes=[1,2]>")
    ),
    "another mean": body(
        f"{MEANS} {PLAIN}".replace("n = Neg (m)", "o = ReduceMax <axes=[-1]> (x)  n = Neg (o)")
    ),
    "squares of something else": body(f"{MEANS} {PLAIN}".replace("Mul (d, d)", "Mul (d, x)")),
    "another root": body(f"{MEANS} {PLAIN}".replace("Sqrt (e)", "Relu (e)")),
    "a scale for each row": body(f"{MEANS} {REST}", gamma=random(5, 1)),
    "a centre for each row": body(f"{MEANS} {REST}", beta=random(5, 7)),
    "a computed scale": body(f"{MEANS} h = Neg (gamma)  {REST.replace('gamma', 'h')}",
                             gamma=random(7)),
    "the mean is added": body(f"{MEANS} {PLAIN}".replace("Mul (n, i)", "Mul (m, i)")),
    "broadcast up": body(f"{MEANS} {REST}", to="2,3,5,7", beta=random(2, 1, 1, 7)),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Means over other axes, of other values, or numbers that are no constant of the last axes."""
    assert_left_alone(by=name_layer_normalization, model=make())


def test_what_others_read_stays() -> None:
    """A mean that is read elsewhere, and a variance that is an output."""
    text = f"{MEANS} {REST} z = Mul (m, s)"
    model = graph(
        f"(float[3,5,7] x) => (float[3,5,7] y, float[3,5,1] z, float[3,5,1] v) {{ {text} }}",
        epsilon=EPSILON, gamma=random(7), beta=random(7), s=random(1),
    )  # fmt: skip
    ops = {"LayerNormalization": 1, "ReduceMean": 2, "Sub": 1, "Mul": 2}
    assert_rewritten(by=name_layer_normalization, model=model, ops=ops)


def test_the_model_is_of_the_opset_that_has_it() -> None:
    """A newer one stays."""
    for given, expected in ((13, 17), (17, 17), (18, 18)):
        model = FORMS["neither"]()
        model.opset_imports[""] = given
        assert name_layer_normalization(model) == 1
        assert model.opset_imports[""] == expected


def test_without_one_the_opset_stays() -> None:
    """Whatever opset that is."""
    model: ir.Model = graph("(float[3,5] x) => (float[3,5] y) { y = Relu (x) }")
    assert name_layer_normalization(model) == 0
    assert model.opset_imports[""] == 13
