"""A machine: the class that users extend, and the `self` that their handlers get."""

from __future__ import annotations

import random
import sys
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, Final, Generic, Literal, Never, Protocol, Self, overload

from typing_extensions import TypeVar

from fsm.chart.chart import Chart
from fsm.chart.compile import compile_chart
from fsm.chart.context import Context
from fsm.chart.delay import Delay
from fsm.chart.event import Event
from fsm.chart.keywords import unknown_keywords
from fsm.chart.migration import Migration, ordered
from fsm.chart.state import Vertex
from fsm.errors import DefinitionError, HandlerMisuse

C = TypeVar("C", bound=Context, default=Context)
E = TypeVar("E", bound=Event, default=Event)
O = TypeVar("O", default=None)  # noqa: E741
V = TypeVar("V", bound=Vertex)
A1 = TypeVar("A1")
A2 = TypeVar("A2")
A3 = TypeVar("A3")

_KEYWORDS: Final = ("name", "version", "unhandled", "migrations", "history", "search", "abstract")


class Scope(Protocol):
    """What a handler may reach besides its context and its services; one for each turn or invoke."""

    @property
    def id(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    @property
    def random(self) -> random.Random: ...
    def uuid(self) -> uuid.UUID: ...
    def raise_(self, event: Event) -> None: ...
    def reply(self, answer: Any) -> None: ...
    def progress(self, value: float, text: str) -> None: ...
    @property
    def parent(self) -> str: ...
    def send(self, event: Event, to: str | None, delay: Delay | None, id: str = "") -> None: ...
    def cancel_send(self, id: str) -> None: ...
    def local(self, state: type[V]) -> V: ...
    def spawn(self, machine: type[Any], data: Any, id: str | None) -> str: ...
    def execute(self, statement: object) -> None: ...
    async def gather(self, calls: tuple[Awaitable[Any], ...]) -> list[Any]: ...


class Machine(Generic[C, E, O]):
    """The definition of a machine and the `self` of its handlers; users extend `StateMachine`."""

    __chart__: ClassVar[Chart]
    __document__: ClassVar[str] = ""
    """The document that it was made from, as JSON; empty for a class in code."""
    __migrations__: ClassVar[tuple[Migration, ...]] = ()
    """The ways from older versions to this one, oldest first."""
    __history__: ClassVar[Literal["full", "steps"]] = "full"
    """Whether the journal keeps what an instance was after each turn, or only what the turn did."""
    __where__: ClassVar[tuple[str, int]] = ("", 0)
    ctx: C
    """The typed data; handlers change it in place."""
    _scope: Scope

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        version: str | int | None = None,
        unhandled: str | None = None,
        migrations: Sequence[Migration] = (),
        history: Literal["full", "steps"] | None = None,
        search: Sequence[str] | None = None,
        abstract: bool = False,
        **unknown: Never,
    ) -> None:
        super().__init_subclass__()
        if unknown:
            raise DefinitionError(cls.__name__, [unknown_keywords(unknown, _KEYWORDS)])
        if not abstract:
            frame = _outside(sys._getframe(1))
            names = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
            cls.__where__ = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
            cls.__chart__ = compile_chart(
                cls, Machine, names, name=name, version=version, unhandled=unhandled, search=search
            )
            cls.__migrations__ = ordered(cls.__chart__, migrations)
            cls.__history__ = _history(cls, history)

    def __delattr__(self, name: str) -> None:
        raise HandlerMisuse(f"{type(self).__name__}.{name}: nothing of a machine can be deleted; its data is self.ctx")

    def __new__(cls, *args: Any, **keywords: Any) -> Self:
        raise TypeError(
            f"{cls.__name__} is a machine: start it with `orchestrator.start({cls.__name__}, data, id=…)`"
            f" or try it with `{cls.__name__}.rehearse(data)`, do not call it"
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise HandlerMisuse(
            f"{type(self).__name__}.{name}: a machine has no attributes of its own; keep data in self.ctx,"
            f" where every snapshot has it"
        )

    @property
    def id(self) -> str:
        """The id of the instance."""
        return self._scope.id

    @property
    def now(self) -> datetime:
        """The time in UTC, the same during the whole turn."""
        return self._scope.now

    @property
    def random(self) -> random.Random:
        """Random numbers seeded from instance and cause, so that a repeated turn gets the same."""
        return self._scope.random

    def uuid(self) -> uuid.UUID:
        """A new UUID, seeded like `random`."""
        return self._scope.uuid()

    def local(self, state: type[V]) -> V:
        """The data of an active state: the fields that its class declares, from its entry to its exit.

        Raises HandlerMisuse when the state is not active or declares none.
        """
        return self._scope.local(state)

    def raise_(self, event: Event) -> None:
        """Queue an event for this machine, handled within the same turn."""
        self._scope.raise_(event)

    def reply(self, answer: Any) -> None:
        """Answer the question that the turn is about; whoever asked gets it when the turn is committed.

        The turn fails with HandlerMisuse when nobody asked, when it is answered twice, or with another type.
        """
        self._scope.reply(answer)

    def progress(self, value: float, text: str = "") -> None:
        """In an invoke: tell whoever looks how far it has come, as a fraction or any other number.

        It is news and no more: the newest is shown, nothing waits for it, and no snapshot holds it.
        """
        self._scope.progress(value, text)

    @property
    def parent(self) -> str:
        """The id of the instance that invoked or spawned this one; empty when nobody did."""
        return self._scope.parent

    def send(self, event: Event, to: str | None = None, *, delay: Delay | None = None, id: str = "") -> None:
        """Send an event to an instance (this one by default) when the turn is committed; `id` names a delayed one."""
        self._scope.send(event, to, delay, id)

    def cancel_send(self, id: str) -> None:
        """Take back what this instance sent with a delay under this name; nothing happens when it has left already."""
        self._scope.cancel_send(id)

    def spawn(self, machine: type[Machine[Any, Any, Any]], data: Any = None, *, id: str | None = None) -> str:
        """Start another instance when the turn is committed; returns its id."""
        return self._scope.spawn(machine, data, id)

    def execute(self, statement: object) -> None:
        """Run an INSERT, UPDATE or DELETE of SQLAlchemy Core on your own tables, in the transaction of this turn.

        It is run when the turn is committed, once, or not at all; one that fails parks the instance.
        """
        self._scope.execute(statement)

    @overload
    async def gather(self, a: Awaitable[A1], b: Awaitable[A2], /) -> tuple[A1, A2]: ...
    @overload
    async def gather(self, a: Awaitable[A1], b: Awaitable[A2], c: Awaitable[A3], /) -> tuple[A1, A2, A3]: ...
    @overload
    async def gather(self, *calls: Awaitable[A1]) -> tuple[A1, ...]: ...
    async def gather(self, *calls: Awaitable[Any]) -> tuple[Any, ...]:
        """Make several calls at once; all end before the first failure (in the order given) is raised."""
        return tuple(await self._scope.gather(calls))


def _history(machine: type[Machine[Any, Any, Any]], wanted: str | None) -> Literal["full", "steps"]:
    if wanted not in (None, "full", "steps"):
        line = f"{Path(machine.__where__[0]).name}:{machine.__where__[1]}"
        raise DefinitionError(
            machine.__name__,
            [f"{line}: history={wanted!r} is neither 'full' (each turn can be looked back to) nor 'steps'; use one"],
        )
    return machine.__history__ if wanted is None else "full" if wanted == "full" else "steps"


def handle(machine: type[Machine[C, E, O]], scope: Scope, services: Mapping[str, object]) -> Machine[C, E, O]:
    """The `self` of a machine's handlers; its context is put in by whoever runs it."""
    made = object.__new__(machine)
    vars(made).update(services, _scope=scope)
    return made


def _outside(frame: FrameType | None) -> FrameType | None:
    """Where the class statement stands: the names that it could see, for annotations kept as text, and its line."""
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("fsm", "types", "typing"):
        frame = frame.f_back
    return frame
