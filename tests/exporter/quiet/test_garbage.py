"""The cycle collector, off for a while and as it was afterwards."""

from __future__ import annotations

import gc

import pytest

from keras2cv_export.quiet.garbage import uncollected


def test_it_is_off_inside_and_on_again_behind() -> None:
    """One inside another ends with the outer."""
    assert gc.isenabled()
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_puts_it_on_again() -> None:
    """Even if the conversion raises."""
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_who_put_it_off_finds_it_off() -> None:
    """It may have been for a reason."""
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
