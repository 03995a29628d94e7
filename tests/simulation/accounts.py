"""Accounts: small machines with everything that a crash could harm, whose books say afterwards whether it did.

Every event has a tag of its own. An account adds amounts up, and links the tags of what it has applied to a chain: what
was lost, applied twice or in another order than the journal says is seen from the row alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Protocol

import anyio

from fsm import Context, Done, Event, Final, Parallel, State, StateMachine, after, defer, guard, invoke, on, output
from fsm.service import current_call


class Tagged(Event):
    tag: str
    amount: int


class Put(Tagged):
    """Checked by a service, booked by a service; refused when the amount is nothing."""


class Pass(Tagged):
    """Handed on to another account."""

    to: str


class Received(Tagged):
    """What another account has passed."""


class Labour(Tagged):
    """Earned by an invoke."""


class Hire(Tagged):
    """Earned by a child machine."""


class Remind(Tagged):
    """Earned when a timer fires."""


Booking = Put | Pass | Received | Labour | Hire | Remind

EVENTS: tuple[Booking, ...] = (
    Put(tag="e0", amount=5),
    Put(tag="e1", amount=0),
    Pass(tag="e2", amount=2, to="b"),
    Labour(tag="e3", amount=3),
    Hire(tag="e4", amount=4),
    Remind(tag="e5", amount=1),
)
"""One of each, and one that is refused: the smallest life with everything in it."""


class Desk(Protocol):
    async def sound(self, tag: str, amount: int) -> bool: ...
    async def book(self, tag: str, amount: int) -> int: ...
    async def labour(self, tag: str, amount: int) -> int: ...
    async def make(self, tag: str, amount: int) -> int: ...


class Task(Context):
    tag: str = ""
    amount: int = 0


class Sheet(Context):
    total: int = 0
    chain: str = ""
    labour: Task = Task()
    hire: Task = Task()
    remind: Task = Task()


def linked(chain: str, tag: str) -> str:
    """The chain with one more tag."""
    return hashlib.blake2b(f"{chain}:{tag}".encode(), digest_size=8).hexdigest()


class Piece(StateMachine[Task, Put, int]):
    """A child: waits for a moment, asks the desk, and answers."""

    desk: Desk

    class Waiting(State, initial=True): ...

    class Made(Final): ...

    @after("5ms", Waiting, to=Made)
    async def make(self) -> None:
        self.ctx.amount = await self.desk.make(self.ctx.tag, self.ctx.amount)

    @output(Made)
    def made(self) -> int:
        return self.ctx.amount


class Account(StateMachine[Sheet, Put | Pass | Received | Labour | Hire | Remind]):
    """Four regions, so that much goes on at once."""

    desk: Desk

    class Life(Parallel, initial=True):
        class Till(State):
            class Open(State, initial=True): ...

        class Bench(State):
            class Idle(State, initial=True): ...

            class Busy(State): ...

        class Nursery(State):
            class Empty(State, initial=True): ...

            class Full(State): ...

        class Watch(State):
            class Still(State, initial=True): ...

            class Ticking(State): ...

    one_labour = defer(Labour, Life.Bench.Busy)
    one_child = defer(Hire, Life.Nursery.Full)
    one_timer = defer(Remind, Life.Watch.Ticking)

    def link(self, tag: str) -> None:
        self.ctx.chain = linked(self.ctx.chain, tag)

    @guard
    async def sound(self, ev: Put) -> bool:
        return await self.desk.sound(ev.tag, ev.amount)

    @on(Put, Life.Till.Open, when=sound)
    async def put(self, ev: Put) -> None:
        self.link(ev.tag)
        self.ctx.total += await self.desk.book(ev.tag, ev.amount)

    @on(Pass, Life.Till.Open)
    def hand_on(self, ev: Pass) -> None:
        self.link(ev.tag)
        self.ctx.total -= ev.amount
        self.send(Received(tag=f"{ev.tag}/passed", amount=ev.amount), to=ev.to)

    @on(Received, Life.Till.Open)
    def receive(self, ev: Received) -> None:
        self.link(ev.tag)
        self.ctx.total += ev.amount

    @on(Labour, Life.Bench.Idle, to=Life.Bench.Busy)
    def begin(self, ev: Labour) -> None:
        self.link(ev.tag)
        self.ctx.labour = Task(tag=ev.tag, amount=ev.amount)

    @invoke(Life.Bench.Busy)
    async def labour(self) -> int:
        return await self.desk.labour(self.ctx.labour.tag, self.ctx.labour.amount)

    @labour.done(to=Life.Bench.Idle)
    def earned(self, ev: Done[int]) -> None:
        self.ctx.total += ev.data

    @on(Hire, Life.Nursery.Empty, to=Life.Nursery.Full)
    def hire(self, ev: Hire) -> None:
        self.link(ev.tag)
        self.ctx.hire = Task(tag=ev.tag, amount=ev.amount)

    @invoke(Life.Nursery.Full, machine=Piece)
    def piece(self) -> Task:
        return self.ctx.hire

    @piece.done(to=Life.Nursery.Empty)
    def grown(self, ev: Done[int]) -> None:
        self.ctx.total += ev.data

    @on(Remind, Life.Watch.Still, to=Life.Watch.Ticking)
    def remind(self, ev: Remind) -> None:
        self.link(ev.tag)
        self.ctx.remind = Task(tag=ev.tag, amount=ev.amount)

    @after("10ms", Life.Watch.Ticking, to=Life.Watch.Still)
    def rung(self) -> None:
        self.ctx.total += self.ctx.remind.amount


CALLS = {Put: ("sound", "book"), Labour: ("labour",), Hire: ("make",)}
"""What an applied event of each class asks of the desk."""


class Clerks:
    """The desk; what it did stands in the ledger, which nobody rolls back."""

    def __init__(self, ledger: Path, seconds: float = 0.0) -> None:
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._seconds = seconds
        self._chance = random.Random(os.getpid())

    async def _work(self, tag: str) -> None:
        self._write("begun", tag)
        await anyio.sleep(self._chance.uniform(0, self._seconds))
        self._write("ended", tag)

    def _write(self, at: str, tag: str) -> None:
        call = current_call()
        line = {"at": at, "method": call.method, "tag": tag, "key": call.idempotency_key}
        os.write(self._ledger, json.dumps(line).encode() + b"\n")

    async def sound(self, tag: str, amount: int) -> bool:
        await self._work(tag)
        return amount > 0

    async def book(self, tag: str, amount: int) -> int:
        await self._work(tag)
        return amount

    async def labour(self, tag: str, amount: int) -> int:
        await self._work(tag)
        return amount

    async def make(self, tag: str, amount: int) -> int:
        await self._work(tag)
        return amount
