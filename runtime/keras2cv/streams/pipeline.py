"""Run the stages of `keras2cv run` at the same time, each in a thread.

    with Pipeline() as line:
        frames = line.ahead(decoded(path), 4)     # a thread decodes, at most 4 frames ahead
        answers = line.ahead(predicted(frames), 2)
        for answer in answers: ...                # the rest of the work is done here

cv2 releases the interpreter's lock while it works, so threads are enough. Stages are plain
iterators, so the same code runs without threads too. Order is kept, memory is bounded, and an error
comes out once, in place of the item. Leaving the `with` block, for any reason, ends every thread at
its next item.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# On Windows Ctrl-C does not end a wait that has no limit.
_WAIT_S: Final = 0.2
# A camera's driver may keep its thread for as long as its own time-out; it is left to die alone.
_JOIN_S: Final = 3.0


class Pipeline:
    """Threads that end together."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Pipeline:
        """Nothing runs yet: a stage starts when its first item is asked for."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """End every thread, and wait for them."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def ahead(self, items: Iterable[T], size: int) -> Iterator[T]:
        """Yield `items`, made in a thread of their own, at most `size` before they are taken."""
        return self._received(items, _Slots(size))

    def newest(self, items: Iterable[T], is_frame: Callable[[T], bool]) -> Iterator[T]:
        """Yield `items`, made in a thread of their own, without the frames that came too early.

        A frame that nobody has taken when the next one comes is dropped, so that the answers are
        about the present. Other items, such as a `BrokenSource`, are kept.
        """
        return self._received(items, _Newest(is_frame))

    def mapped(
        self, function: Callable[[T], R], items: Iterable[T], threads: int, ahead: int = 1
    ) -> Iterator[R]:
        """Yield `function(item)` for every item, in order, computed by `threads` threads.

        Args:
            function: The work on one item.
            items: The items.
            threads: The number of threads; a single one is the caller's own.
            ahead: At most `threads + ahead` results wait to be taken.
        """
        if threads == 1:
            yield from map(function, items)
            return
        waiting: deque[Future[R]] = deque()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="keras2cv")
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) == threads + ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _received(self, items: Iterable[T], waiting: _Slots[T]) -> Iterator[T]:
        thread = threading.Thread(
            target=self._give, args=(items, waiting), name="keras2cv", daemon=True
        )
        self._threads.append(thread)
        thread.start()
        while (item := self._take(waiting)) is not _END:
            yield item

    def _give(self, items: Iterable[T], waiting: _Slots[T]) -> None:
        error: BaseException | None = None
        try:
            self._give_all(items, waiting)
        except BaseException as caught:  # raised again by whoever takes
            error = caught
        with self._changed:
            waiting.ended, waiting.error = True, error
            self._changed.notify_all()

    def _give_all(self, items: Iterable[T], waiting: _Slots[T]) -> None:
        try:
            for item in items:
                if not self._put(item, waiting):
                    return
        finally:
            if (close := getattr(items, "close", None)) is not None:  # files are closed here
                close()

    def _put(self, item: T, waiting: _Slots[T]) -> bool:
        """Put the item down as soon as there is room; return False if the pipeline has ended."""
        with self._changed:
            while not waiting.has_room and not self._stopped:
                self._changed.wait()
            if not self._stopped:
                waiting.put(item)
                self._changed.notify_all()
            return not self._stopped

    def _take(self, waiting: _Slots[T]) -> Any:
        with self._changed:
            while not (waiting.items or waiting.ended or self._stopped):
                self._changed.wait(_WAIT_S)
            if self._stopped:
                return _END
            if waiting.items:
                self._changed.notify_all()
                return waiting.items.popleft()
            if waiting.error is not None:
                raise waiting.error
            return _END


_END: Final = object()


class _Slots(Generic[T]):
    """Items on their way from one thread to another, and how the giving side ended."""

    def __init__(self, size: int) -> None:
        self.items: deque[T] = deque()
        self.ended = False
        self.error: BaseException | None = None
        self._size = size

    @property
    def has_room(self) -> bool:
        """Whether another item may be put."""
        return len(self.items) < self._size

    def put(self, item: T) -> None:
        """Put an item down behind the others."""
        self.items.append(item)


class _Newest(_Slots[T]):
    """Slots in which a frame takes the place of the frame before it."""

    def __init__(self, is_frame: Callable[[T], bool]) -> None:
        super().__init__(1)
        self._is_frame = is_frame

    @property
    def has_room(self) -> bool:
        """Always: the source does not wait."""
        return True

    def put(self, item: T) -> None:
        """Put an item down, in place of a frame that is too late."""
        if self.items and self._is_frame(self.items[-1]) and self._is_frame(item):
            self.items.pop()
        self.items.append(item)
