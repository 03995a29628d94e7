"""The moving parts of one instance in memory: what a turn changes, what it lets out, and what undoes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from fsm.chart.chart import Transition
from fsm.chart.context import Context
from fsm.chart.event import Event
from fsm.core.configuration import Configuration, Table
from fsm.core.plan import Plan

Queued = tuple[Any, Event, BaseException | None]


class Sent:
    """An event that a turn sends when it is committed."""

    __slots__ = ("delay_ms", "event", "id", "ordinal", "to")

    def __init__(self, event: Event, to: str | None, delay: int, ordinal: int, id: str = "") -> None:
        self.event, self.to, self.delay_ms, self.ordinal, self.id = event, to, delay, ordinal, id


class Spawned:
    """An instance that a turn starts when it is committed."""

    __slots__ = ("data", "id", "machine")

    def __init__(self, machine: type[Any], data: Any, id: str) -> None:
        self.machine, self.data, self.id = machine, data, id


class Moving:
    """Between turns it equals the committed snapshot; a turn that fails is undone by whoever keeps it."""

    __slots__ = (  # so many attributes would take twice the memory in a dict
        "acting",
        "answers",
        "aside",
        "asked",
        "at",
        "cause",
        "chance",
        "deeds",
        "executed",
        "executes",
        "finished",
        "generation",
        "histories",
        "id",
        "invokes",
        "locals",
        "machine",
        "moved",
        "output",
        "parent",
        "plan",
        "queue",
        "saved",
        "saved_locals",
        "sending",
        "sent",
        "seq",
        "spawned",
        "table",
        "time",
        "timers",
        "touched",
        "withdrawn",
    )  # fmt: skip

    def __init__(self, id: str, table: Table) -> None:
        self.id, self.table = id, table
        self.at: Configuration = table.nowhere
        self.plan: Plan | None = None
        """The microstep whose content runs, or ran last; `at` is where it began as long as it runs."""
        self.histories: dict[int, tuple[int, ...]] = {}
        self.generation = 0
        self.timers: dict[str, int] = {}
        self.invokes: dict[str, int] = {}
        self.seq = 0
        self.finished = False
        self.output: Any = None
        self.machine: Any = None
        self.aside: Callable[[], Awaitable[None]] | None = None
        """Awaited before a turn awaits what a callable returned, where the driver has to know."""
        self.saved: bytes | None = None
        """The encoded context as it was before the turn, where known."""
        self.queue: list[Queued] = []
        self.sent: list[Sent] = []
        self.withdrawn: list[str] = []
        """Names of delayed events that the turn takes back."""
        self.sending = False
        """Whether something was sent, spawned or taken back in this turn."""
        self.answers: list[Any] = []
        """What the turn replies to whoever asked."""
        self.parent = ""
        self.deeds: tuple[Any, ...] = ()
        """What was done and can be undone, oldest first."""
        self.locals: dict[int, Context] = {}
        """The data of active states, by number."""
        self.saved_locals: dict[str, Any] = {}
        """The same as it was before the turn, by id and encoded."""
        self.spawned: list[Spawned] = []
        self.executed: list[object] = []
        """Statements to run when the turn is committed."""
        self.executes = True
        """Whether whoever commits can run statements."""
        self.acting = False
        """Whether content runs, which may act, or was the last to run; a guard may not."""
        self.touched = self.moved = False
        """Whether handlers ran, and whether timers or invokes begin or end, in this turn."""
        self.cause = "start"
        self.time = 0.0
        self.chance: Random | None = None
        """The random numbers of the turn, when somebody asked for them."""
        self.asked: list[tuple[Any, Transition, bool]] | None = None
        """What guards of which transitions answered in this turn, where somebody keeps it."""

    def stand(self) -> None:
        """No timer and no invoke runs, nothing is remembered and nothing can be undone."""
        self.timers, self.invokes, self.histories, self.deeds = {}, {}, {}, ()

    def begin_turn(self, cause: str, time: float) -> None:
        """Forget what the last turn left behind."""
        self.cause, self.time, self.chance = cause, time, None
        if self.queue:
            self.queue.clear()
        if self.sending:
            self.withdrawn.clear()
            self.sent.clear()
            self.spawned.clear()
            self.executed.clear()
            self.answers.clear()
        self.touched = self.moved = self.sending = False

    def begin_content(self, plan: Plan | None) -> Any:
        """Content of a microstep is about to run: from now on there is something to undo; gives what it runs on."""
        self.touched, self.acting, self.plan = True, True, plan
        machine = self.machine
        if self.saved is None:
            self.saved = machine.ctx.__pydantic_serializer__.to_json(machine.ctx)
        return machine

    def fail(self, told: tuple[Any, Event], problem: BaseException) -> None:
        """Queue the event of an error."""
        self.queue.append((*told, problem))
