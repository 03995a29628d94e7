"""Reading a SQL database: every question of the port, asked through the gate."""

from __future__ import annotations

from collections.abc import Sequence

from fsm.ports.store import Accepted, CallRow, Definition, Entry, Incident, Loaded, Record, Timer
from persistence import claims, queries
from persistence.databases.link import Link
from persistence.gate import Gate


class Reading(Gate):
    """The reading half of the store."""

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, as of one moment."""
        return await self._run(lambda link: queries.load(link, instance))

    async def pending(self, now: float, after: str = "", limit: int = 1000) -> list[str]:
        """Ids of running instances that a crash interrupted."""
        return await self._run(lambda link: queries.pending(link, now, after, limit))

    async def due(self, now: float, limit: int = 1000) -> list[Timer]:
        """Timers of running instances whose time has come, earliest first."""
        return await self._run(lambda link: queries.due(link, now, limit))

    async def next_due(self) -> float | None:
        """When the earliest timer or delayed event of a running instance comes due."""
        return await self._run(lambda link: queries.next_due(link))

    async def delayed_due(self, since: float, now: float) -> list[str]:
        """Ids of instances with waiting rows whose time came in (since, now]."""
        return await self._run(lambda link: queries.delayed_due(link, since, now))

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        return await self._run(lambda link: queries.calls(link, instance, cause))

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        return await self._run(lambda link: queries.find_key(link, instance, key))

    async def definition(self, machine: str, version: str) -> Definition | None:
        """The document of a machine that was made from data, or None."""
        return await self._run(lambda link: queries.definition(link, machine, version))

    async def changed(self) -> bool:
        """Whether another process wrote since the last time this was asked."""

        return await self._run(lambda link: link.changed())

    async def newer(self, n: int) -> tuple[int, list[str]]:
        """The largest inbox number, and the instances of waiting rows with a larger one than `n`."""

        def ask(link: Link) -> tuple[int, list[str]]:
            newest, instances = queries.newer(link, n)
            # A number may be committed after a larger one; whoever put the row there has left a poke.
            return newest, list(dict.fromkeys([*instances, *claims.strange(link)]))

        return await self._run(ask)

    async def now(self) -> float:
        """The database's clock."""
        return await self._run(queries.now)

    async def find(
        self,
        *,
        machine: str | None = None,
        statuses: Sequence[str] = (),
        states: Sequence[str] = (),
        after: str = "",
        limit: int = 1000,
    ) -> list[Record]:
        """Records in order of id."""
        return await self._run(lambda link: queries.find(link, machine, statuses, states, after, limit))

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        return await self._run(lambda link: queries.history(link, instance, after, limit))

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order of recording."""
        return await self._run(lambda link: queries.calls_of(link, instance))

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        return await self._run(lambda link: queries.incidents(link, resolved, instance))
