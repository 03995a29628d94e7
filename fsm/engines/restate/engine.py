"""The engine on Restate, as users hold it: messages go to the server, what is looked at comes from the view."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, cast

import sniffio

from fsm.chart.machine import C, E, Machine, O
from fsm.chart.search import attributes_of
from fsm.core.table import codec_of
from fsm.engines.idle import shown
from fsm.engines.restate.access import RestateAccess
from fsm.engines.restate.answers import Answers
from fsm.engines.restate.aside import Aside
from fsm.engines.restate.book import unknown_fields
from fsm.engines.restate.handlers import Handlers
from fsm.engines.restate.listening import listening
from fsm.engines.restate.packing import packed
from fsm.engines.restate.sdk import Sdk
from fsm.engines.restate.server import Server
from fsm.engines.restate.url import RestateUrl
from fsm.engines.restate.viewing import check_view, mark_view
from fsm.errors import EngineUnfit
from fsm.ports.engine import Health, MachineClass
from fsm.ports.store import Accepted, Commit, Status, Store
from fsm.runtime import elsewhere, outbox
from fsm.runtime.definitions import definitions_of
from fsm.runtime.instance import Instance
from fsm.runtime.keepers import Keepers
from fsm.runtime.orchestrator import Orchestrator, check_same, id_of
from fsm.runtime.people import People
from fsm.runtime.progress import ProgressBoard
from fsm.runtime.schedules import Schedules

PARKED_MAX = 1_000
"""Parked instances that are named; there may be more."""


class RestateEngine(Orchestrator):
    """Machines whose turns a Restate server orders, stores and repeats.

    Where the URL says `listen`, this process runs them; elsewhere it only asks. What users call is what they call of an
    orchestrator. Raises EngineUnfit with everything that the machines and options need and Restate cannot do, and what
    `Orchestrator` raises; entering it EngineUnreachable, StoreError; StoreUnsuitable where workers
    run what would be its view. Works on asyncio.
    """

    def __init__(
        self,
        url: RestateUrl,
        view: Store,
        machines: Sequence[MachineClass] = (),
        services: Mapping[Any, Any] | None = None,
        **options: Any,
    ) -> None:
        _check(options)
        super().__init__(view, machines, services, **options)
        problems = [
            f"people answer calls of {name}" for name in self._fleet.machines if self._fleet.services.escalates(name)
        ]
        if problems:
            raise EngineUnfit("Restate", problems)
        self.url, self._server, self._sdk = url, Server(url), Sdk()
        fleet, self._aside = self._fleet, Aside(view)
        fleet.committer = self._aside  # type: ignore[assignment]
        fleet.progress = ProgressBoard(self._aside, fleet.clock)  # type: ignore[arg-type]
        self._access = RestateAccess(fleet, self._server)
        fleet.keepers = cast(Keepers, self._access)
        self._people = People(view, Answers(view, self._server).write, fleet.machine_of, fleet.clock, fleet.poke)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if sniffio.current_async_library() != "asyncio":
            raise EngineUnfit("Restate", ["its SDK runs on asyncio, not on trio"])
        url, me = self.url, f"Restate at {self.url.ingress}, {self.url.name}"
        async with AsyncExitStack() as stack:
            await self.store.open(owner=True)
            stack.push_async_callback(self.store.close)
            await check_view(self.store, shown(url.view), me)
            await stack.enter_async_context(self._server)
            await stack.enter_async_context(self._aside)
            self._aside.start(self._fleet.progress.serve)
            if url.listen:
                await self._fleet.services.enter()
                stack.push_async_callback(self._fleet.services.leave)
                handlers = Handlers(url.name, self._fleet, self._sdk)
                await stack.enter_async_context(listening(handlers.application, url.listen))
                await self._server.register()
                await mark_view(self.store, me)
            self._fleet.open = True
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fleet.open = False
        await self._stack.aclose()

    # ---- as of an orchestrator

    async def start(
        self, machine: type[Machine[C, E, O]], data: C | None = None, id: str | None = None, *, key: str | None = None
    ) -> Instance[C, E, O]:
        """Start an instance; when this returns, its first turn is committed. Raises what `Orchestrator.start` does."""
        self._access.check_open()
        self._fleet.definitions.admit(machine)
        name = uuid.uuid4().hex if id is None and key is None else id_of(machine, id, key)
        codec, now = codec_of(machine), self._fleet.clock()
        given = data if data is not None else codec.default_context()
        context = codec.encode_context(given)
        attributes_of(given, machine.__chart__.search)
        record = outbox.beginning(machine, name, context, now)
        if definitions := definitions_of([machine], now):
            await self.store.commit([Commit(name, definitions=definitions)])
        row = Accepted(name, f"start@{name}", "start", "{}", lane="start", at=now)
        told = await self._server.take(name, {"begin": packed(record), "row": packed(row)})
        found = packed(record) | {"machine": told["machine"], "origin": told["origin"]}
        check_same(type(record)(**{**found, "context": context}), record)
        await elsewhere.until(self.store, name, elsewhere.begun)
        return Instance(self._access, name, machine)

    async def health(self) -> Health:
        """What waits for somebody: parked instances, and invocations that Restate has paused or repeats in vain."""
        self._access.check_open()
        parked = await self.store.find(statuses=[Status.PARKED], limit=PARKED_MAX)
        return Health("Restate", tuple(record.id for record in parked), tuple(await self._server.troubled()))

    # ---- what is not to be had here

    async def rewind(self, id: str, *, at: int, by: str, reason: str) -> None:
        """Refused: the journal is in the view, the instance is not."""
        raise EngineUnfit("Restate", ["an instance cannot be rewound there"])

    async def fork(
        self, id: str, new_id: str, *, at: int | None = None, changes: Any = None
    ) -> Instance[Any, Any, Any]:
        """Refused: the journal is in the view, the instance is not."""
        raise EngineUnfit("Restate", ["an instance cannot be forked there"])

    @property
    def schedules(self) -> Schedules:
        """Refused: there are no schedules."""
        raise EngineUnfit("Restate", ["there are no schedules"])


def _check(options: Mapping[str, Any]) -> None:
    """Find everything that cannot be done. Raises EngineUnfit."""
    problems = [
        f"{name}= means nothing to it" for name in sorted(options.keys() - {"policies", "registry", "calendar"})
    ]
    problems += [f"what a commit says in {name} is not known to it" for name in unknown_fields()]
    if problems:
        raise EngineUnfit("Restate", problems)
