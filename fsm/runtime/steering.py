"""Steering: what operators do to instances, whatever runs them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fsm.errors import InstanceIdInvalid
from fsm.limits import ID_CHARS_MAX
from fsm.ports.store import Incident
from fsm.runtime import forking, rewinding
from fsm.runtime.access import Access
from fsm.runtime.fleet import Fleet
from fsm.runtime.instance import Instance
from fsm.runtime.operator import Decision
from fsm.runtime.termination import said_by


class Steering:
    """The half of an orchestrator that operators use."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._access = fleet, Access(fleet)

    async def cancel(self, id: str, *, by: str = "", reason: str = "") -> None:
        """Leave every state in exit order, with its exit actions, and end; who and why is journaled.

        Raises InstanceUnknown, InstanceEnded, and the TurnError of an exit action that failed.
        """
        await self._access.control(id, "cancel", said_by(by, reason))

    async def terminate(self, id: str, *, by: str = "", reason: str = "") -> None:
        """End at once, whatever state the instance is in: nothing of its machine runs, its children end as well.

        Who runs it can write no more when this returns. Raises InstanceUnknown, InstanceEnded, StoreError.
        """
        await self._access.terminate(id, by, reason)

    async def pause(self, id: str) -> None:
        """Take no more turns until resume(); events stay accepted."""
        await self._access.control(id, "pause")

    async def resume(self, id: str) -> None:
        """Go on after pause()."""
        await self._access.control(id, "resume")

    async def retry(
        self,
        id: str,
        *,
        repeat_once: bool = False,
        by: str = "",
        reason: str = "",
        change: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Go on after an incident: what failed is done again, what had succeeded is not.

        A failed call that is made at most once stays failed, unless `repeat_once` says to make it again. `change` and
        `payload` are JSON merge patches of the context and of the event that failed. With `by` it is a turn in the
        journal. Raises ChangeInvalid; then nothing was changed.
        """
        decision = Decision(by, reason, change, payload)
        verb = "repeat" if repeat_once else "retry"
        await self._access.control(id, verb, decision.text(verb, id))

    async def skip(self, id: str, *, by: str, reason: str = "") -> None:
        """Go on after an incident without what failed: its cause is dropped, in a turn of its own."""
        await self._access.control(id, "skip", Decision(by, reason).text("skip", id))

    async def resolve(self, id: str, *, by: str, reason: str = "", change: Mapping[str, Any] | None = None) -> None:
        """Go on after an incident whose cause somebody has dealt with by hand: what failed is not done again.

        `change` is a JSON merge patch of the context, to say what came of it. Raises ChangeInvalid; then nothing was
        changed.
        """
        await self._access.control(id, "resolve", Decision(by, reason, change).text("resolve", id))

    async def rewind(self, id: str, *, at: int, by: str, reason: str) -> None:
        """Go back to what an instance was after the turn `at`, by a turn of its own that the journal keeps.

        What runs now is ended; invokes, children and timers of then begin afresh, timers with what was left of them.
        No action runs, what was sent stays sent. Raises PastUnknown, InstanceEnded (fork it), SnapshotUnfit.
        """
        await self._access.steer(id, rewinding.rewind_work(at, by, reason, uuid.uuid4().hex, self._fleet.clock()))

    async def fork(
        self, id: str, new_id: str, *, at: int | None = None, changes: Mapping[str, Any] | None = None
    ) -> Instance[Any, Any, Any]:
        """Begin another instance from what one was after the turn `at`, its last one by default; it may have ended.

        `changes` are values of context fields. Raises PastUnknown, InstanceEnded, InstanceExists, ContextInvalid.
        """
        self._access.check_open()
        machine = await forking.forked(self._fleet, id, checked_id(new_id), at, changes or {})
        return Instance(self._access, new_id, machine)

    def pause_service(self, service: type | str) -> None:
        """Let no call of a service begin here until `resume_service`; no attempt is spent on those that wait.

        A service is named by its contract or its attribute. An invoke waits as long as it takes, a turn as long as a
        turn may. Raises ServiceMissing.
        """
        self._fleet.services.pause(service, paused=True)

    def resume_service(self, service: type | str) -> None:
        """Let calls of a service begin again. Raises ServiceMissing."""
        self._fleet.services.pause(service, paused=False)

    async def incidents(self, *, resolved: bool = False) -> list[Incident]:
        """Why instances are parked, oldest first."""
        self._access.check_open()
        return await self._fleet.store.incidents(resolved=resolved)


def checked_id(id: str) -> str:
    """An id that can be one. Raises InstanceIdInvalid."""
    if not isinstance(id, str) or not 0 < len(id) <= ID_CHARS_MAX or not id.isprintable() or id != id.strip():
        raise InstanceIdInvalid(
            f"{id!r} cannot be the id of an instance: use 1 to {ID_CHARS_MAX} printable characters, no spaces around",
            instance=str(id),
        )
    return id
