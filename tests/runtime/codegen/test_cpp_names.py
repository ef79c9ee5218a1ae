"""A bundle's name becomes a name of C++, and parts become one source file."""

from __future__ import annotations

import pytest

from keras2cv.codegen.cpp.one_source import one_source
from keras2cv.codegen.cpp.reserved_words import RESERVED
from keras2cv.codegen.identifier import identifier


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "cat.cv": "cat",
        "Cat-v2.cv": "cat_v2",
        "ResNet 50 (new).cv": "resnet_50_new",
        "3d.cv": "model_3d",
        "class.cv": "class_model",
        "linux.cv": "linux_model",
        "cv.cv": "cv_model",
        "naïve.cv": "naive",
        "a__b_.cv": "a_b",
        "猫.cv": "u732b",
        "犬.cv": "u72ac",
        "...": "bundle",
        "x" * 200: "x" * 60,
    }.items(),
)
def test_a_name_is_one_of_cpp(name: str, expected: str) -> None:
    """No keyword, no macro of a compiler, no doubled underscore, and apart where names are."""
    assert identifier(name, RESERVED) == expected


PART = """\
// One.
#pragma once

#include <vector>

namespace n {

int one;

}  // namespace n
"""
WHOLE = """\
#include "n.hpp"

#include <vector>

#include <opencv2/core.hpp>

#include "sums.hpp"

namespace n {

// One.

int one;

// Two.

int two;

}  // namespace n
"""


def test_parts_become_one_source() -> None:
    """Includes once and in order, of our own headers those that lie beside it, one namespace."""
    other = PART.replace("One", "Two").replace("int one", "int two")
    own = '#include "one.hpp"\n#include "sums.hpp"'
    other = other.replace("<vector>", f"<vector>\n#include <opencv2/core.hpp>\n\n{own}")
    assert one_source("n.hpp", [PART, other], "n", ["sums.hpp", "other.hpp"]) == WHOLE
