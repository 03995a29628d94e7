"""One long-lived thread for what must not, or might not, run on the event loop's own.

A waiting task hands over the interpreter lock for real: sqlite3 gives it up at every statement, and a busy loop takes
it back before the thread has woken, so that single commits took seconds. So the waiter sleeps
for at most 2 ms, then blocks the loop for at most 1 ms, and again, until the work is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

import anyio
from anyio import from_thread
from anyio.lowlevel import EventLoopToken, current_token

T = TypeVar("T")

SLEEP_SECONDS: Final = 0.002
"""How long the waiter leaves the loop to the other tasks."""

BLOCK_SECONDS: Final = 0.001
"""How long it then blocks the loop, in which the thread has the interpreter for itself."""


class Use:
    """A time during which something belongs to one alone."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.landed = anyio.Event()
        """Set on the loop soon after `done`."""


class Work(Use, Generic[T]):
    """A function on its way through the thread."""

    def __init__(self, function: Callable[[], T], token: EventLoopToken) -> None:
        super().__init__()
        self._function, self._token = function, token
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """In the thread: run the function, then wake the waiter."""
        try:
            self._value = self._function()
        except BaseException as error:
            self._error = error
        self.done.set()
        try:
            from_thread.run_sync(self.landed.set, token=self._token)
        except RuntimeError:
            # The loop has gone (anyio.RunFinishedError is a RuntimeError, too): nobody waits any more.
            pass

    def result(self) -> T:
        """What the function returned or raised."""
        assert self.done.is_set()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


class Thread:
    """The thread; it starts with its first work and takes one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, function: Callable[[], T]) -> Work[T]:
        """Queue a function whose outcome somebody waits for."""
        work = Work(function, current_token())
        self.put(work.run)
        return work

    def put(self, function: Callable[[], object]) -> None:
        """Queue a function that nobody waits for; it must not raise."""
        if self._thread is None:
            # A daemon: a process that forgets to close must still be able to end, and a commit survives that.
            self._thread = threading.Thread(target=self._take, args=(self._queue,), name=self._name, daemon=True)
            self._thread.start()
        self._queue.put(function)

    def stop(self) -> None:
        """End the thread when the queued work is done; a later work starts another.

        Not joined: the thread may be waking a loop, and the loop is what calls this.
        """
        self._queue.put(None)
        self._queue, self._thread = SimpleQueue(), None

    @staticmethod
    def _take(queue: SimpleQueue[Callable[[], object] | None]) -> None:
        while (function := queue.get()) is not None:
            function()


async def outcome(work: Work[T]) -> T:
    """Wait for the work, shielded: a cancelled sender must not lose the outcome of its commit."""
    with anyio.CancelScope(shield=True):
        while not work.done.is_set():
            with anyio.move_on_after(SLEEP_SECONDS):
                await work.landed.wait()
            work.done.wait(BLOCK_SECONDS)
        # The thread blocks until its wake-up has been heard, and is of no use to anybody before.
        await work.landed.wait()
    return work.result()
