"""A net that has become slower is seen; a loaded machine, or another one, is no regression."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns import regressions
from campaigns.regressions import ATTEMPTS, NETS, RECORDS, compare, main, newest
from keras2cv_bench.records import Record, read_record, to_json
from support.bench_records import blocks, record, reference, timing


def measured(ours_ms: float, noise: float = 0.01) -> Record:
    """Return a record in which Keras' own export takes 8 ms."""
    ours = timing("bundle", ours_ms, found=blocks(ours_ms, noise, seed=3))
    return record(ours, reference(10), timing("naive", 8.0))


@pytest.mark.parametrize(("ours_ms", "code"), [(5.0, 0), (7.0, 0), (12.0, 1)])
def test_a_regression_is_what_exceeds_the_limit_each_time(ours_ms: float, code: int) -> None:
    """The limit is wide: two fifths slower is not seen."""
    assert compare("net", measured(5.0), lambda: measured(ours_ms)) == code


def test_a_limit_that_is_exceeded_once_is_measured_again() -> None:
    """The machine was busy then."""
    found = iter([measured(12.0), measured(5.0)])
    assert compare("net", measured(5.0), lambda: next(found)) == 0


def test_a_busy_machine_decides_nothing() -> None:
    """It is tried as often, and called undecided."""
    tried: Iterator[Record] = (measured(8.0, noise=0.6) for _ in range(ATTEMPTS))
    assert compare("net", measured(5.0), lambda: next(tried)) == 4


def test_another_opencv_is_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is a machine on which Keras' own export does not run."""
    then = measured(5.0)
    versions = {**then.host.versions, "opencv": "5.7.0"}
    old = record(*then.timings)
    object.__setattr__(old.host, "versions", versions)
    assert compare("net", old, lambda: measured(50.0)) == 4
    assert "the record is of OpenCV 5.7.0" in capsys.readouterr().out
    bare = record(timing("bundle", 5.0), reference(10))
    assert compare("net", then, lambda: bare) == 4


def test_the_newest_release_is_compared_with(tmp_path: Path) -> None:
    """Versions are compared as numbers."""
    for version in ("0.9.0", "0.10.0", "0.2.0"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "mobile.json").write_text(to_json(measured(5.0)))
    assert newest("mobile", tmp_path) == tmp_path / "0.10.0" / "mobile.json"
    assert newest("residual", tmp_path) is None


def test_both_nets_are_written_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without making or timing any here; without records there is nothing to compare with."""
    monkeypatch.setattr(regressions, "run_once", lambda *_: {})
    monkeypatch.setattr(regressions, "bench", lambda *_, **__: measured(5.0))
    assert main(["--records", str(tmp_path)]) == 4
    assert main(["--records", str(tmp_path), "--write"]) == 0
    assert len(list(tmp_path.glob("*/*.json"))) == len(NETS)
    assert main(["--records", str(tmp_path)]) == 0


def test_the_records_of_this_checkout_are_read() -> None:
    """Each has this bundle and Keras' own export."""
    for path in RECORDS.glob("*/*.json"):
        found = read_record(path)
        assert {t.subject for t in found.timings} >= {"bundle", "naive"}
