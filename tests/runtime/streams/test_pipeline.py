"""Stages in threads: order, bounds, errors, and threads that are gone afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from keras2cv.streams.pipeline import Pipeline


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Every test ends with the threads that it began with."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def noted(count: int, made: list[int]) -> Iterator[int]:
    """Yield 0, 1, ... and note each as it is made."""
    for number in range(count):
        made.append(number)
        yield number


def wait_until(made: list[int], count: int) -> None:
    """Wait for `count` items to be made, and then long enough for one too many to show."""
    limit = time.monotonic() + 5
    while len(made) < count and time.monotonic() < limit:
        time.sleep(0.002)
    time.sleep(0.03)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_items_come_in_order_and_all(size: int) -> None:
    """Three stages in a row lose nothing and swap nothing."""
    with Pipeline() as line:
        doubled = (2 * n for n in line.ahead(iter(range(200)), size))
        found = list(line.ahead(line.ahead(doubled, size), size))
    assert found == list(range(0, 400, 2))


def test_stages_run_at_the_same_time() -> None:
    """Each stage waits for the other's next step: a single thread would wait for ever."""
    met = threading.Barrier(2, timeout=5)

    def giving() -> Iterator[int]:
        yield 0
        met.wait()
        yield 1

    with Pipeline() as line:
        items = line.ahead(giving(), 2)
        assert next(items) == 0
        met.wait()
        assert list(items) == [1]


def test_no_more_is_made_than_fits() -> None:
    """With two slots, a third item waits in its maker's hand, and no fourth is begun."""
    made: list[int] = []
    with Pipeline() as line:
        items = line.ahead(noted(100, made), 2)
        next(items)
        wait_until(made, 4)
        assert made == [0, 1, 2, 3]


def test_a_stage_starts_when_it_is_asked() -> None:
    """Building the line opens no file."""
    made: list[int] = []
    with Pipeline() as line:
        line.ahead(noted(5, made), 2)
    assert made == []


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_comes_out_in_its_place(error: BaseException) -> None:
    """Earlier items arrive first; the error crosses every stage and is raised once."""

    def failing() -> Iterator[int]:
        yield 7
        yield 8
        raise error

    with Pipeline() as line:
        items = line.ahead(line.ahead(failing(), 1), 1)
        assert [next(items), next(items)] == [7, 8]
        with pytest.raises(type(error)) as raised:
            next(items)
        assert raised.value is error
        assert list(items) == []


def test_leaving_early_closes_every_stage() -> None:
    """Generators are closed in their own threads, so that files and captures are released."""
    closed = []

    def endless(name: str, source: Iterator[int]) -> Iterator[int]:
        try:
            yield from source
        finally:
            closed.append(name)

    with Pipeline() as line:
        first = line.ahead(endless("first", iter(range(10**9))), 2)
        second = line.ahead(endless("second", first), 2)
        assert [next(second) for _ in range(20)] == list(range(20))
    assert sorted(closed) == ["first", "second"]


def test_leaving_does_not_wait_for_an_item_that_never_comes() -> None:
    """Stages behind a silent camera end at once, though nothing reaches them."""
    silent = threading.Event()

    def camera() -> Iterator[int]:
        yield 0
        silent.wait(20)

    started = time.monotonic()
    with Pipeline() as line:
        items = line.ahead(line.ahead(line.ahead(camera(), 1), 1), 1)
        assert next(items) == 0
        threading.Timer(0.05, silent.set).start()
    assert time.monotonic() - started < 2


def test_the_newest_frame_wins() -> None:
    """Frames that nobody took in time are dropped; the last one never is."""
    made: list[int] = []
    taken = threading.Event()

    def camera() -> Iterator[int]:
        yield -1
        taken.wait(5)
        yield from noted(1000, made)

    with Pipeline() as line:
        items = line.newest(camera(), lambda _: True)
        assert next(items) == -1
        taken.set()
        wait_until(made, 1000)
        assert list(items) == [999]


def test_a_complaint_is_never_dropped() -> None:
    """Only a frame takes a frame's place."""

    def camera() -> Iterator[int | str]:
        yield from [0, "corrupt", 1, 2, "gone"]

    with Pipeline() as line:
        items = line.newest(camera(), lambda item: isinstance(item, int))
        first = next(items)
        time.sleep(0.05)
        found = [first, *items]
    assert [item for item in found if isinstance(item, str)] == ["corrupt", "gone"]
    assert found[-2] == 2


@pytest.mark.parametrize("threads", [1, 4])
def test_a_function_is_mapped_in_order(threads: int) -> None:
    """Whoever is ready first waits for its turn."""

    def slow(number: int) -> int:
        time.sleep(0.004 if number % 3 == 0 else 0)
        return 10 * number

    with Pipeline() as line:
        assert list(line.mapped(slow, range(50), threads)) == list(range(0, 500, 10))


def test_a_mapped_function_runs_in_several_threads() -> None:
    """Two calls meet, which they could not one after the other."""
    met = threading.Barrier(2, timeout=5)
    with Pipeline() as line:
        assert len(list(line.mapped(lambda _: met.wait(), range(6), 2))) == 6


def test_mapping_takes_no_more_than_it_may_hold() -> None:
    """Ten thousand files are not all decoded at once."""
    made: list[int] = []
    with Pipeline() as line:
        results = line.mapped(lambda number: number, noted(10_000, made), 3, ahead=2)
        next(results)
        assert made == [0, 1, 2, 3, 4]
        results.close()  # type: ignore[attr-defined]


def test_an_error_of_a_mapped_function_is_raised() -> None:
    """It comes in its item's place, and the threads end."""

    def refuse(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    with Pipeline() as line:
        results = line.mapped(refuse, range(9), 2)
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(results)
