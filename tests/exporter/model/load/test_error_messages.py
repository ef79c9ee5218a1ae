"""The line of a library's error that names the fault."""

from __future__ import annotations

from keras2cv_export.model.load.error_messages import sentence


def test_an_error_without_a_text_is_called_by_its_kind() -> None:
    """A KeyError of no name prints two quotes."""
    assert sentence(KeyError("")) == "KeyError."
    assert sentence(ValueError("")) == "ValueError."


def test_what_a_line_announces_is_named() -> None:
    """Keras wraps errors in each other, and their texts have several lines."""
    assert sentence(ValueError("Exception encountered: bad shape\nmore")) == "bad shape."
    assert sentence(ValueError("unknown layers:\nA, B")) == "unknown layers: A, B."
