"""The OpenCVs that must run a graph: the requested and all newer ones, or the most possible."""

from __future__ import annotations

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.targets.importers import IMPORTERS
from keras2cv_export.targets.target import Target


def test_a_version_that_is_asked_for_includes_all_newer_ones() -> None:
    """On each engine that they have."""
    assert Target.parse("4.6").importers == IMPORTERS
    assert Target.parse("4.11").importers == IMPORTERS[2:]
    assert Target.parse("5.0.0.93").importers == ("5.0 classic", "5.0 new")
    assert Target.parse("4.6").asked


def test_an_engine_leaves_the_other_one_out() -> None:
    """The classic one is that of every OpenCV 4 too; the new one came with 5.0."""
    assert Target.parse("4.14", "classic").importers == ("4.14", "5.0 classic")
    assert Target.parse("5.0", "new").importers[0] == "5.0 new"
    assert Target.parse("4.14", "any").importers == IMPORTERS[4:]


def test_nothing_asked_for_is_as_old_as_can_be() -> None:
    """The passes make the graph for 4.6; one of the newest importers is enough in the end."""
    target = Target.parse()
    assert (target.opencv, target.asked) == ((4, 6), False)
    assert target.last == ("5.0 classic", "5.0 new")
    assert Target.parse(None, "classic").last == ("5.0 classic",)
    assert Target.parse(None, "new").last == ("5.0 new",)


def test_the_engine_to_be_fast_on_is_that_of_the_version_asked_for() -> None:
    """Without a request it is 5.0, which chooses the new one."""
    assert Target.parse().favours_new
    assert Target.parse("5.0").favours_new
    assert Target.parse(None, "new").favours_new
    assert not Target.parse("4.14").favours_new
    assert not Target.parse(None, "classic").favours_new


def test_targets_are_named_in_sentences() -> None:
    """As errors do."""
    assert Target.parse("4.6").runner == "OpenCV 4.6 and newer"
    assert Target.parse("5.0", "new").runner == "OpenCV 5.0 and newer, new engine"
    assert Target.parse().runner == "OpenCV"


@pytest.mark.parametrize(
    ("opencv", "engine", "message"),
    [
        ("4.5", None, "4.5 is older"),
        ("4", None, "is no OpenCV version"),
        ("newest", None, "is no OpenCV version"),
        ("9.0", None, r"9\.0 is newer than what is known here\. Measured are 4\.6, 4\.8, .*5\.0;"),
        ("4.14", "new", "has no new engine"),
        ("5.0", "fast", "No engine is called 'fast'"),
    ],
)
def test_what_is_no_target(opencv: str, engine: str | None, message: str) -> None:
    """Is refused with the accepted values."""
    with pytest.raises(UsageError, match=message):
        Target.parse(opencv, engine)


def test_versions_in_between_are_run_by_the_one_before() -> None:
    """Faults of 4.6 were mended at an unknown version, so 4.7 may have them."""
    assert Target.parse("4.7").importers[0] == "4.6"
    assert Target.parse("4.9").importers[0] == "4.8"
    assert Target.parse("4.11").importers[0] == "4.10"
    assert Target.parse("5.0", "new").importers[0] == "5.0 new"
    assert "5.0 new" not in Target.parse("5.0", "classic").importers
