"""How many samples it takes to see a fault."""

from __future__ import annotations

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.parity.power import probability, samples_for, strength


def test_forty_samples_see_a_fault_in_a_twentieth_of_inputs_with_87_percent() -> None:
    """The sentence has the numbers of the binomial distribution."""
    assert strength(40) == "a fault in 5% of inputs would have been seen with 87%"


def test_a_power_takes_the_fewest_samples_that_reach_it() -> None:
    """0.99:0.01 takes 459."""
    assert samples_for("0.99:0.01") == 459
    assert probability(459, 0.01) >= 0.99 > probability(458, 0.01)


@pytest.mark.parametrize("power", ["0.99", "1:0.1", "a:b", "0.9:0", "0.99:0.01:3", "nan:0.1"])
def test_what_is_no_power_is_refused(power: str) -> None:
    """The message shows a right one."""
    with pytest.raises(UsageError, match=r"0\.99:0\.01"):
        samples_for(power)


def test_a_power_that_takes_too_many_samples_is_refused() -> None:
    """Nobody waits for a million predictions."""
    with pytest.raises(UsageError, match="samples"):
        samples_for("0.999:0.000001")
