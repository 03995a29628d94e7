"""Fan-out: the items of one invoke, some of them at once, each recorded when it has ended.

The calls of an item have names and idempotency keys of their own, made of its number. So after a crash an item that has
ended is not run again, and one that was cut short makes the calls again that had not ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from time import perf_counter, time
from typing import Protocol

import anyio

from fsm.core.fanout import Part, failed
from fsm.ports.store import CallRow
from fsm.runtime.host import INTERRUPTED
from fsm.runtime.journal import Journal


class Known(Protocol):
    """What is known of the items, and whether the others need not run."""

    outcomes: dict[int, str]

    @property
    def over(self) -> bool:
        """Whether nothing that could still come would change the result."""
        ...

    def note(self, number: int, outcome: str) -> None:
        """An item has ended."""
        ...


class Items:
    """Runs the items of one invoke; `open` makes the journal of one, `run` does its work and tells its outcome."""

    def __init__(
        self,
        journal: Journal,
        method: str,
        known: Known,
        open: Callable[[int], Journal],
        run: Callable[[Part, Journal], Awaitable[str]],
    ) -> None:
        self._journal, self._method, self._known = journal, method, known
        self._open, self._run_one = open, run
        self._recorded: Sequence[CallRow] = ()

    async def run(self, parts: Sequence[Part], limit: int, recorded: Sequence[CallRow]) -> None:
        """Run what has not ended until the rest does not matter. Raises what no item may swallow."""
        self._recorded = recorded
        numbers = {number for number, _ in parts}
        for row in recorded:
            if row.method == self._method and row.k in numbers:
                self._known.note(row.k, row.answer)
        waiting = iter([part for part in parts if part[0] not in self._known.outcomes])
        async with anyio.create_task_group() as group:
            for _ in range(min(limit if self._journal.side_by_side else 1, len(parts))):
                group.start_soon(self._one_after_another, waiting, group.cancel_scope)
        if self._journal.fault is not None:
            raise self._journal.fault

    async def _one_after_another(self, waiting: Iterator[Part], scope: anyio.CancelScope) -> None:
        if self._known.over:
            return
        for part in waiting:
            await self._one(part)
            if self._known.over or self._journal.fault is not None:
                scope.cancel()
                return

    async def _one(self, part: Part) -> None:
        number, text = part
        journal, mine = self._open(number), f"{number}/"
        rows = [r for r in self._recorded if r.digest.startswith(mine)]
        journal.begin(self._journal.cause, self._journal.attempt, rows)
        at, began = time(), perf_counter()
        try:
            try:
                outcome = await self._run_one(part, journal)
                journal.check()
            except Exception as problem:
                failure = journal.fault or problem
                if journal.fault is not None or isinstance(failure, INTERRUPTED):
                    raise failure from problem
                outcome = failed(failure)
            await journal.keep(self._method, number, outcome, text, at, perf_counter() - began)
        except Exception as problem:
            self._journal.fault = self._journal.fault or problem
            return
        self._known.note(number, outcome)
