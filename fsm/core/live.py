"""A live machine: one instance in memory, between and during its turns."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Event, Signal, key_of, wire_name
from fsm.core.gathering import gathered
from fsm.core.moving import Moving, Sent, Spawned
from fsm.errors import EventInvalid, HandlerMisuse


class Live(Moving):
    """The moving parts of one instance as the scope that its handlers see as `self`."""

    __slots__ = ()

    @property
    def now(self) -> datetime:
        """The time of the turn."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def random(self) -> random.Random:
        """Random numbers, the same whenever this turn is evaluated."""
        if self.chance is None:
            self.chance = random.Random(seed(self.id, self.cause, str(self.seq)))
        return self.chance

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

    def progress(self, value: float, text: str) -> None:
        """Refused."""
        raise HandlerMisuse(
            f"{self.table.chart.name} {self.id!r}: self.progress in a turn, which is seen when it is committed; call it"
            f" in an invoke"
        )

    def reply(self, answer: Any) -> None:
        """Answer when the turn is committed."""
        self.answers.append(answer)
        self.sending = True

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
        return await gathered(calls)


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
