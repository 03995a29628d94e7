"""A strand: a coroutine that is moved by hand, without a task, as long as it waits for nothing but commits.

A task and the passes of the event loop that it needs cost more than a turn. So whoever is there anyway moves the work
of an instance on, and only a strand that is about to wait for something else is given a task of its own.

    move ──▶ a Submission    it goes on when that is written
         ──▶ ASIDE           it is about to wait for something else: `rest` belongs into a task
         ──▶ None            it has ended
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator, Sequence
from typing import Any, Final, Protocol

import anyio

from fsm.ports.store import Commit, Verdict

ASIDE: Final = "aside"
"""What a strand says before it waits for anything but a commit."""


class Worker(Protocol):
    """Whose work a strand is."""

    def work(self) -> Coroutine[Any, Any, None]:
        """Do all that there is to do."""
        ...

    async def beside(self, rest: Rest) -> None:
        """In a task: do the rest of the work, and end it."""
        ...

    def ended(self) -> None:
        """The work has ended, by hand."""
        ...


class Submission:
    """Commits that are to be written, and what became of them."""

    __slots__ = ("commits", "error", "strand", "verdicts", "written")

    def __init__(self, commits: Sequence[Commit], worker: str) -> None:
        """`worker` writes them."""
        self.commits = commits
        for commit in commits:
            commit.worker = worker
        self.verdicts: list[Verdict] = []
        self.error: Exception | None = None
        self.strand: Strand | None = None
        """What goes on when it is written."""
        self.written: anyio.Event | None = None
        """Or the event that a task waits for."""

    def outcome(self) -> list[Verdict]:
        """The verdicts. Raises StoreError when nothing was written."""
        if self.error is not None:
            raise self.error
        return self.verdicts


class Strand:
    """The work of one worker, under way."""

    __slots__ = ("_coroutine", "worker")

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._coroutine = worker.work()

    def move(self) -> Submission | str | None:
        """Go on until it has to wait, and say for what."""
        try:
            asked: Submission | str = self._coroutine.send(None)
        except StopIteration:
            self.worker.ended()
            return None
        assert asked is ASIDE or isinstance(asked, Submission), f"it waits for {asked!r} without having gone aside"
        return asked

    def rest(self) -> Rest:
        """What is left to do, to be awaited in a task."""
        return Rest(self._coroutine)

    def drop(self) -> None:
        """Give it up."""
        self._coroutine.close()


class Rest:
    """The rest of a coroutine that has begun already."""

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, None, None]:
        return self._coroutine.__await__()


@types.coroutine
def pause(why: Submission | str) -> Generator[Submission | str, None, None]:
    """Hand a strand back to whoever moves it."""
    yield why
