"""Reading a SQL database: every question of the port, asked through the gate."""

from __future__ import annotations

from collections.abc import Sequence

from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Definition, Entry, Incident, Loaded, Record, Timer
from persistence import bodies
from persistence.gate import Gate


class Reading(Gate):
    """The reading half of the store."""

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, as of one moment."""
        return await self._run(lambda link: bodies.queries.load(link, instance))

    async def load_many(self, instances: Sequence[str]) -> list[Loaded]:
        """The same for many, in order of id."""
        return await self._run(lambda link: bodies.queries.load_many(link, instances))

    async def due(self, worker: str, now: float, limit: int = 1000) -> list[Timer]:
        """Timers of the running instances of a worker whose time has come, earliest first."""
        return await self._run(lambda link: bodies.queries.due(link, worker, now, limit))

    async def next_due(self, worker: str) -> float | None:
        """When the earliest timer or delayed event of a running instance of a worker comes due."""
        return await self._run(lambda link: bodies.queries.next_due(link, worker))

    async def delayed_due(self, worker: str, since: float, now: float) -> list[str]:
        """Ids of the instances of a worker with waiting rows whose time came in (since, now]."""
        return await self._run(lambda link: bodies.queries.delayed_due(link, worker, since, now))

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        return await self._run(lambda link: bodies.queries.calls(link, instance, cause))

    async def attempts(self, instance: str, cause: str | None = None) -> list[Attempt]:
        """The attempts of one cause, or of all; those of one call in their order."""
        return await self._run(lambda link: bodies.queries.attempts(link, instance, cause))

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        return await self._run(lambda link: bodies.queries.find_key(link, instance, key))

    async def accepted(self, instance: str, ref: str) -> Accepted | None:
        """The inbox row of an event, consumed ones included."""
        return await self._run(lambda link: bodies.queries.accepted(link, instance, ref))

    async def definition(self, machine: str, version: str) -> Definition | None:
        """The document of a machine that was made from data, or None."""
        return await self._run(lambda link: bodies.queries.definition(link, machine, version))

    async def now(self) -> float:
        """The database's clock."""
        return await self._run(bodies.queries.now)

    async def find(
        self,
        *,
        machine: str | None = None,
        statuses: Sequence[str] = (),
        states: Sequence[str] = (),
        attributes: Sequence[tuple[str, str]] = (),
        ids: Sequence[str] = (),
        breached: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> list[Record]:
        """Records in order of id."""
        wanted = machine, statuses, states, attributes, ids, breached, after, limit
        return await self._run(lambda link: bodies.queries.find(link, *wanted))

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        return await self._run(lambda link: bodies.queries.history(link, instance, after, limit))

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order of recording."""
        return await self._run(lambda link: bodies.queries.calls_of(link, instance))

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        return await self._run(lambda link: bodies.queries.incidents(link, resolved, instance))
