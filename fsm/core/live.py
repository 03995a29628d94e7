"""A live machine: one instance in memory, between and during its turns."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from fsm.chart.chart import Transition
from fsm.chart.context import Context
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Event, Signal, key_of, wire_name
from fsm.core.configuration import Configuration, Table
from fsm.core.plan import Plan
from fsm.errors import EventInvalid, HandlerMisuse

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


def _no_progress(live: Live, value: float, text: str) -> None:
    raise HandlerMisuse(
        f"{live.table.chart.name} {live.id!r}: self.progress in a turn, which is seen when it is committed; call it in"
        f" an invoke"
    )


class Live:
    """The moving parts of one instance, and the scope that its handlers see as `self`.

    Between turns it equals the committed snapshot. A turn that fails is undone by `restore`.
    """

    __slots__ = (  # so many attributes would take twice the memory in a dict
        "_random", "acting", "answers", "aside", "asked", "at", "cause", "deeds", "executed", "executes",
        "finished", "generation", "histories", "id", "invokes", "locals", "machine", "moved", "output",
        "parent", "plan", "queue", "saved", "saved_locals", "sending", "sent", "seq", "spawned", "table",
        "time", "timers", "touched", "withdrawn",
    )  # fmt: skip

    progress = _no_progress

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
        self._random: random.Random | None = None
        self.asked: list[tuple[Any, Transition, bool]] | None = None
        """What guards of which transitions answered in this turn, where somebody keeps it."""

    def begin_turn(self, cause: str, time: float) -> None:
        """Forget what the last turn left behind."""
        self.cause, self.time, self._random = cause, time, None
        if self.queue:
            self.queue.clear()
        if self.asked:
            self.asked = []
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

    # ---- what handlers reach through `self`

    @property
    def now(self) -> datetime:
        """The time of the turn."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def random(self) -> random.Random:
        """Random numbers, the same whenever this turn is evaluated."""
        if self._random is None:
            self._random = random.Random(seed(self.id, self.cause, str(self.seq)))
        return self._random

    def uuid(self) -> uuid.UUID:
        """A random UUID from `random`."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def raise_(self, event: Event) -> None:
        """Queue an event for this turn."""
        event = self._heard(checked(event, "raise_"))
        self.queue.append((key_of(event), event, None))

    def _heard(self, event: Event) -> Event:
        """The event in the form in which this machine's own transitions know events."""
        if not self.table.chart.named or isinstance(event, Signal):
            return event
        return Signal(name=wire_name(event), data=event.model_dump(mode="json"))

    def reply(self, answer: Any) -> None:
        """Answer when the turn is committed."""
        self.answers.append(answer)
        self.sending = True

    def fail(self, told: tuple[Any, Event], problem: BaseException) -> None:
        """Queue the event of an error."""
        self.queue.append((*told, problem))

    def send(self, event: Event, to: str | None, delay: Delay | None, id: str = "") -> None:
        """Send an event when the turn is committed."""
        milliseconds = 0 if delay is None else delay_ms(delay)
        event = self._heard(checked(event, "send"))
        if isinstance(event, Signal):
            event = event.model_copy(update={"origin": self.id, "sendid": event.sendid or id})
        self.post(event, to, milliseconds, id)

    def post(self, event: Event, to: str | None = None, delay: int = 0, id: str = "") -> None:
        """Add to what leaves when the turn is committed; ordinals only grow, also when others are taken back."""
        ordinal = self.sent[-1].ordinal + 1 if self.sent else 0
        self.sent.append(Sent(event, to, delay, ordinal, id))
        self.sending = True

    def cancel_send(self, id: str) -> None:
        """Take back delayed events with this name, those of this turn included; what has no name stays."""
        if id:
            self.sent = [sent for sent in self.sent if sent.id != id or not sent.delay_ms]
            self.withdrawn.append(id)
            self.sending = True

    def child(self, invoke: str) -> str:
        """The id of the child machine that an active invoke runs; empty when there is none."""
        generation = self.invokes.get(invoke)
        return "" if generation is None else child_id(self.id, invoke, generation)

    def local(self, state: type[Any]) -> Any:
        """The data of an active state."""
        chart = self.table.chart
        exact = chart.numbers.get(state, -1)
        found = [exact] if exact in self.locals else [n for n in self.table.places(state) if n in self.locals]
        if len(found) != 1:
            known = ", ".join(chart.nodes[n].id for n in self.locals) or "none"
            wrong = "stands for several active states" if found else "is not active, or declares no fields"
            raise HandlerMisuse(
                f"{chart.name}: local({getattr(state, '__name__', state)}): the state {wrong}. Active states with data:"
                f" {known}."
            )
        return self.locals[found[0]]

    def spawn(self, machine: type[Any], data: Any, id: str | None) -> str:
        """Start an instance when the turn is committed."""
        name = id or f"{self.id}/{machine.__chart__.name}-{self.seq}-{len(self.spawned)}"
        self.spawned.append(Spawned(machine, data, name))
        self.sending = True
        return name

    def execute(self, statement: object) -> None:
        """Run a statement when the turn is committed."""
        if not self.acting:
            raise HandlerMisuse(
                f"{self.table.chart.name}: self.execute in a guard or a choice: they only ask. Do it in an action."
            )
        if not getattr(statement, "is_dml", False):
            raise HandlerMisuse(
                f"{self.table.chart.name}: self.execute({type(statement).__name__}) is refused: pass an insert, update"
                f" or delete of SQLAlchemy Core. What it answers could not be read; text says not what it does."
            )
        if not self.executes:
            raise HandlerMisuse(
                f"{self.table.chart.name}: self.execute needs a store in a SQL database; this one has no tables."
            )
        self.executed.append(statement)
        self.sending = True

    async def gather(self, calls: tuple[Awaitable[Any], ...]) -> list[Any]:
        """Await several calls, all of them before the first failure is raised."""
        return await one_after_another(calls)


def child_id(parent: str, invoke: str, generation: int) -> str:
    """The id of the machine that one stay of an invoke's state runs."""
    return f"{parent}/{invoke}.{generation}"


def checked(event: object, verb: str) -> Event:
    """The event, when it is one."""
    if not isinstance(event, Event) or event.__system__:
        raise EventInvalid(f"self.{verb}({event!r}): not an event; pass an instance of a subclass of fsm.Event")
    return event


def seed(*parts: str) -> int:
    """A number that depends on the parts alone, in every process."""
    return int.from_bytes(hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")


async def one_after_another(calls: tuple[Awaitable[Any], ...]) -> list[Any]:
    """Results in order; every call ends before the first failure is raised."""
    results: list[Any] = []
    failure: Exception | None = None
    for call in calls:
        try:
            results.append(await call)
        except Exception as problem:
            failure = failure or problem
    if failure is not None:
        raise failure
    return results
