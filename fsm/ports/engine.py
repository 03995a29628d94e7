"""The engine: where machines run durably. The same classes, the same calls, on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from fsm.chart.machine import Machine
from fsm.core.snapshot import Snapshot
from fsm.core.step import Step
from fsm.ports.store import Incident
from fsm.ports.task import Task

MachineClass = type[Machine[Any, Any, Any]]

VIEW = "@view"
"""The definition by which a store is known that only shows what another engine runs."""


class Handle(Protocol):
    """One instance, as users hold it."""

    id: str

    async def send(
        self,
        event: Any,
        key: str | None = None,
        wait: Literal["processed", "accepted"] = "processed",
        timeout: float | None = None,
    ) -> Step:
        """Send an event; the same key again gives the first outcome."""
        ...

    async def ask(self, question: Any, key: str | None = None, timeout: float | None = None) -> Any:
        """Send a question; its answer."""
        ...

    async def result(self, timeout: float | None = None) -> Any:
        """The output, when the instance has ended."""
        ...

    async def wait_for(self, state: Any, timeout: float | None = None) -> None:
        """Return when a state was active after a committed turn."""
        ...

    async def snapshot(self, at: int | None = None) -> Snapshot[Any]:
        """The last committed snapshot."""
        ...

    async def history(self, after: int = -1) -> Sequence[Any]:
        """The journal."""
        ...


class People(Protocol):
    """Human tasks, as people hold them."""

    async def tasks(self, *, assignee: str | None = None, limit: int = 1000) -> list[Task]:
        """Those that can be done, the oldest first."""
        ...

    async def task(self, id: str) -> Task:
        """One of them."""
        ...

    async def claim(self, id: str, *, by: str) -> Task:
        """Take one."""
        ...

    async def release(self, id: str, *, by: str, reason: str = "") -> Task:
        """Give one back."""
        ...

    async def reassign(self, id: str, *, to: str, by: str, reason: str = "") -> Task:
        """Give one to somebody else."""
        ...

    async def complete(self, id: str, answer: Any, *, by: str, reason: str = "") -> Task:
        """Answer one; an answer counts once."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """How an engine is; what is in `problems` goes on only when somebody does something."""

    engine: str
    parked: tuple[str, ...] = ()
    """Instances that wait for an operator."""
    problems: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether everything goes on by itself."""
        return not (self.parked or self.problems)


class Engine(Protocol):
    """Runs machines durably; entering it goes on with whatever was interrupted.

    Guarantees: the turns of an instance are taken one after the other; a turn is committed whole or not at all; a key
    counts once; a call that has ended is not made again, one that was cut short is made again with its idempotency key;
    a timer fires once, late if need be; whoever lost an instance can write nothing more.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def start(
        self, machine: MachineClass, data: Any = None, id: str | None = None, *, key: str | None = None
    ) -> Handle:
        """Start an instance; when this returns, its first turn is committed."""
        ...

    def get(self, id: str) -> Handle:
        """A handle to an instance."""
        ...

    async def find(
        self,
        *,
        machine: MachineClass | str | None = None,
        state: Any = None,
        status: str | None = None,
        tag: str | None = None,
        key: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        breached: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> Sequence[Any]:
        """Instances in order of id."""
        ...

    async def retry(self, id: str) -> None:
        """Go on after an incident."""
        ...

    async def skip(self, id: str, *, by: str, reason: str = "") -> None:
        """Go on after an incident without what failed."""
        ...

    async def cancel(self, id: str, *, by: str = "", reason: str = "") -> None:
        """Leave every state, with its exit actions, and end."""
        ...

    async def pause(self, id: str) -> None:
        """Take no more turns until resume()."""
        ...

    async def resume(self, id: str) -> None:
        """Go on after pause()."""
        ...

    async def incidents(self, *, resolved: bool = False) -> list[Incident]:
        """Why instances are parked, oldest first."""
        ...

    @property
    def people(self) -> People:
        """Human tasks: to be found, claimed and completed."""
        ...

    async def health(self) -> Health:
        """What waits for somebody."""
        ...
