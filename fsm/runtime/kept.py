"""What the parts of a keeper see of it: one instance, and what may be done with it."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from fsm.chart.machine import Machine
from fsm.core.codec import Codec
from fsm.ports.store import Incident, Loaded, Record, Status
from fsm.runtime.host import Hold, Host, Turned
from fsm.runtime.journal import Journal
from fsm.runtime.scope import DurableLive
from fsm.runtime.work import Work


class Kept(Protocol):
    """One warm instance, as its outbox, its parking, its invokes and its commits see it."""

    host: Host
    id: str
    machine: type[Machine[Any, Any, Any]]
    codec: Codec
    live: DurableLive
    self_: Machine[Any, Any, Any]
    record: Record
    incident: Incident | None
    queue: deque[Work]
    deferred: list[Work]
    known: set[str]
    journal: Journal
    current: Work | None
    hold: Hold

    @property
    def status(self) -> Status: ...
    def add(self, work: Work) -> None: ...
    def adopt(self, loaded: Loaded) -> None: ...
    def tell(self) -> None: ...
    async def commit(self, turned: Turned, before: Record) -> None: ...
    async def lose(self) -> None: ...
