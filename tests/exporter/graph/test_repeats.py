"""Along which axes a value is the same."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.graph.repeats import repeats
from support.pass_checks import made

FORMS = {
    "copies": ("y = Expand (x, r)", (False, True, True)),
    "merged with others": ("e = Expand (x, r)  y = Reshape (e, m)", (False, True)),
    "moved": ("e = Expand (x, r)  y = Transpose <perm=[2,0,1]> (e)", (True, False, True)),
    "enlarged": ('y = Resize <mode="nearest"> (x, , , r)', (False, True, True)),
    "added to themselves": ("e = Expand (x, r)  y = Add (e, e)", (False, True, True)),
    "added to others": ("e = Expand (x, r)  y = Add (e, z)", (False, False, False)),
}


@pytest.mark.parametrize(("body", "expected"), FORMS.values(), ids=FORMS)
def test_copies_are_followed(body: str, expected: tuple[bool, ...]) -> None:
    """Through arithmetic, and through axes that move, part and join."""
    sizes = {"merged with others": "3,20", "moved": "5,3,4"}
    size = next((sizes[k] for k, v in FORMS.items() if v[0] == body and k in sizes), "3,4,5")
    text = f"(float[3,1,1] x, float[3,4,5] z) => (float[{size}] y) {{ {body} }}"
    model = made(text, r=np.array([3, 4, 5]), m=np.array([3, 20]))()
    assert repeats(model.graph.outputs[0]) == expected


def test_ways_that_meet_again_are_walked_once() -> None:
    """Forty sums of a value with itself have a million million ways back."""
    steps = "  ".join(f"v{k + 1} = Add (v{k}, v{k})" for k in range(40))
    text = f"(float[3,1] x) => (float[3,4] y) {{ v0 = Expand (x, r)  {steps}  y = Neg (v40) }}"
    assert repeats(made(text, r=np.array([3, 4]))().graph.outputs[0]) == (False, True)
