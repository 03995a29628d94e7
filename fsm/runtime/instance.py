"""An instance, as users hold it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import Any, Generic, Literal

from fsm.chart.event import Question, R
from fsm.chart.machine import C, E, Machine, O
from fsm.chart.state import Vertex
from fsm.core.answer import answer_of, checked_question
from fsm.core.progress import Progress
from fsm.core.snapshot import Snapshot
from fsm.core.step import Step
from fsm.runtime.access import Access
from fsm.runtime.entry import JournalEntry
from fsm.runtime.termination import said_by
from fsm.testing.rehearsal import Rehearsal


class Instance(Generic[C, E, O]):
    """A handle to one durable machine; cheap, and valid as long as its orchestrator runs.

    `await` it to make sure that the instance exists.
    """

    def __init__(self, access: Access, id: str, machine: type[Machine[C, E, O]]) -> None:
        self._access, self.id, self.machine = access, id, machine

    def __await__(self) -> Generator[Any, Any, Instance[C, E, O]]:
        return self._checked().__await__()

    async def _checked(self) -> Instance[C, E, O]:
        await self._access.look(self)
        return self

    def __repr__(self) -> str:
        return f"<{self.machine.__name__} {self.id!r}>"

    async def send(
        self,
        event: E,
        key: str | None = None,
        wait: Literal["processed", "accepted"] = "processed",
        timeout: float | None = None,
    ) -> Step:
        """Send an event; when this returns, its turn is committed (with wait="accepted": the event is durable).

        The same key again gives the first outcome. A timeout (seconds) ends the waiting, not the turn: WaitTimeout.
        Raises UnknownEvent, EventInvalid, NotAccepted, Refused, InboxFull, InstanceUnknown, InstanceParked (the event
        stays accepted), InstanceEnded, ReentrantSend, StoreError (nothing was written).
        """
        return await self._access.send(self, event, key, wait, timeout)

    async def ask(self, question: Question[R], key: str | None = None, timeout: float | None = None) -> R:
        """Send a question; its answer, when the turn that gave it is committed.

        The same key again gives the same answer. Raises NotAnswered when no handler replied, and all that `send` does.
        """
        step = await self._access.send(self, checked_question(question), key, "processed", timeout)
        return answer_of(question, step.event, step.answer)

    async def result(self, timeout: float | None = None) -> O:
        """The output, when a final state is reached.

        Raises InstanceFailed, InstanceCancelled, InstanceParked, WaitTimeout.
        """
        output: O = await self._access.result(self, timeout)
        return output

    async def wait_for(self, state: type[Vertex] | str, timeout: float | None = None) -> None:
        """Return when a state, or one inside it, is active in a committed snapshot: the present one, or any later one,
        also where the instance has moved on since.

        A timeout (seconds) ends the waiting: WaitTimeout. Raises InstanceEnded when the instance ends without it,
        InstanceParked, InstanceUnknown, StateUnknown.
        """
        await self._access.wait_for(self, state, timeout)

    async def progress(self, invoke: str) -> AsyncIterator[Progress]:
        """What an invoke that is at work tells with `self.progress(…)`, until it has ended.

        The newest comes first, and those that nobody had time for are left out; of an invoke that another process runs
        they come once a second. Nothing comes where it is not at work. Raises InstanceUnknown, InvokeUnknown.
        """
        async for told in await self._access.progress(self, invoke):
            yield told

    async def snapshot(self, at: int | None = None) -> Snapshot[C]:
        """The last committed snapshot: .configuration .context .seq .status; or as it was after the turn `at`.

        Raises PastUnknown where that was pruned or not recorded, SnapshotUnfit where this class cannot read it.
        """
        return await self._access.snapshot(self, at)

    async def can(self, event: E) -> bool:
        """Whether the committed snapshot would take an event: its guards are asked, nothing else happens.

        Raises UnknownEvent, EventInvalid, GuardFailed; ServiceMissing where a guard calls a service, since what it
        would answer is no part of any turn.
        """
        return (await self._trial()).can(event)

    async def enabled_events(self) -> frozenset[str]:
        """Wire names of the events that have an edge in the committed configuration, whatever their guards say."""
        return (await self._trial()).enabled_events()

    async def _trial(self) -> Rehearsal[C, E, O]:
        return Rehearsal(self.machine, snapshot=await self.snapshot())

    async def history(self, after: int = -1) -> list[JournalEntry]:
        """The journal: one entry for each turn, oldest first."""
        return await self._access.history(self, after)

    async def cancel(self, *, by: str = "", reason: str = "") -> None:
        """Leave every state in exit order, with its exit actions, and end."""
        await self._access.control(self.id, "cancel", said_by(by, reason))

    async def terminate(self, *, by: str = "", reason: str = "") -> None:
        """End at once; nothing of the machine runs."""
        await self._access.terminate(self.id, by, reason)

    async def retry(self) -> None:
        """Go on after an incident."""
        await self._access.control(self.id, "retry")
