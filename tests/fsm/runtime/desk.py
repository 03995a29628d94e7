"""A service, its implementations and small machines for the tests of the runtime."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    Orchestrator,
    State,
    StateMachine,
    after,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.ports.store import Commit, Loaded, Store, Verdict
from fsm.runtime.keeper import Keeper
from fsm.service import current_call
from persistence import MemoryStore, SQLStore

SECONDS = 3.0
"""The longest that a test waits for something that must happen."""


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    with anyio.fail_after(SECONDS):
        while not holds():
            await anyio.sleep(0.001)


async def until_async(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds that has to be asked for."""
    with anyio.fail_after(SECONDS):
        while not await holds():
            await anyio.sleep(0.001)


async def settled() -> None:
    """Wait until every task waits for something.

    On asyncio anyio asks every 0.1 s, and a task that wakes in the same rhythm is never seen waiting: so it is asked
    at other moments too.
    """
    while True:
        with anyio.move_on_after(0.013):
            await anyio.wait_all_tasks_blocked()
            return


# ---- stores


@dataclass
class Place:
    """Where the data of a test live: every `store()` is one more process's view of them."""

    kind: str
    path: Path
    _memory: MemoryStore = field(default_factory=MemoryStore)

    def store(self) -> Store:
        """A store on the data."""
        return self._memory if self.kind == "memory" else SQLStore(self.path, synchronous="NORMAL")

    async def loaded(self, instance: str) -> Loaded:
        """What the store has of an instance."""
        store = self.store()
        await store.open(owner=False)
        try:
            loaded = await store.load(instance)
            assert loaded is not None
            return loaded
        finally:
            await store.close()

    async def inbox(self) -> list[str]:
        """The states of all rows of the inbox."""
        if self.kind == "memory":
            return [row.state for row in self._memory._inbox.values()]
        with closing(sqlite3.connect(self.path)) as connection:
            return [row[0] for row in connection.execute("SELECT state FROM inbox")]


class Wrapped:
    """A store that does what another one does, unless a test says something else."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.failing: list[Exception] = []
        """Raised by the next commits, one each."""
        self.gate: anyio.Event | None = None
        """Holds every commit until it is set."""
        self.batches: list[Sequence[Commit]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write, or fail."""
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            raise self.failing.pop(0)
        self.batches.append(list(batch))
        return await self.inner.commit(batch)


async def keeper_of(orchestrator: Orchestrator, instance: str) -> Keeper:
    """The keeper of an instance."""
    return await orchestrator._fleet.keepers.find(instance)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def drive(self, orchestrator: Orchestrator) -> Orchestrator:
        """Make an orchestrator read this clock."""
        orchestrator._fleet._clock = self
        return orchestrator

    def advance(self, orchestrator: Orchestrator, seconds: float) -> None:
        """Let time pass, noticed at once."""
        self.now += seconds
        orchestrator._fleet.timers.notice(0.0)


# ---- the service


class Desk(Protocol):
    """What the machines below ask for."""

    async def ask(self, what: str) -> str: ...
    async def allow(self, what: str) -> bool: ...


@dataclass
class Made:
    """A call that an implementation got."""

    method: str
    what: str
    key: str
    attempt: int
    instance: str
    thread: int


@dataclass
class Gate:
    """Where a call is held."""

    arrived: anyio.Event = field(default_factory=anyio.Event)
    go: anyio.Event = field(default_factory=anyio.Event)


class Trouble(Exception):
    """An implementation fails."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


class Clerk:
    """An asynchronous implementation that remembers its calls, can be held, and can be made to fail."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.gates: dict[str, Gate] = {}
        self.failing: dict[str, list[Exception]] = {}
        self.refusing: set[str] = set()

    def hold(self, what: str) -> Gate:
        """Hold the calls with this argument until the gate is opened."""
        return self.gates.setdefault(what, Gate())

    def fail(self, what: str, *failures: Exception) -> None:
        """Make the next calls with this argument fail."""
        self.failing.setdefault(what, []).extend(failures)

    def count(self, what: str) -> int:
        """How often something was asked."""
        return sum(m.what == what for m in self.made)

    def keys(self, what: str) -> list[str]:
        """The idempotency keys with which something was asked."""
        return [m.key for m in self.made if m.what == what]

    async def _serve(self, method: str, what: str) -> None:
        note(self.made, method, what)
        gate = self.gates.get(what)
        if gate is not None:
            gate.arrived.set()
            await gate.go.wait()
        if self.failing.get(what):
            raise self.failing[what].pop(0)

    async def ask(self, what: str) -> str:
        """Answer."""
        await self._serve("ask", what)
        return what.upper()

    async def allow(self, what: str) -> bool:
        """Say yes, unless told otherwise."""
        await self._serve("allow", what)
        return what not in self.refusing


class PlainClerk:
    """A synchronous implementation: it runs in worker threads."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.gates: dict[str, threading.Event] = {}

    def ask(self, what: str) -> str:
        """Answer."""
        note(self.made, "ask", what)
        gate = self.gates.get(what)
        if gate is not None:
            gate.wait(SECONDS)
        return what.upper()

    def allow(self, what: str) -> bool:
        """Say yes."""
        note(self.made, "allow", what)
        return True


def note(made: list[Made], method: str, what: str) -> None:
    """Write a call down, with what the implementation may know of it."""
    call = current_call()
    assert (call.service, call.method) == ("desk", method)
    made.append(Made(method, what, call.idempotency_key, call.attempt, call.instance, threading.get_ident()))


# ---- machines


class Tally(Context):
    """A number and what happened."""

    n: int = 0
    log: list[str] = []


class Add(Event):
    """Add to the number."""

    by: int = 1


class Lower(Event):
    """Taken while the number is positive."""


class Close(Event):
    """Go to where only Open is taken."""


class Open(Event):
    """Taken in Shut only."""


class Stop(Event):
    """End."""


class Stray(Event):
    """In no machine's alphabet."""


class Counter(StateMachine[Tally, Add | Lower | Close | Open | Stop, int]):
    """Counts; calls nobody."""

    class On(State, initial=True, tags=("busy",)): ...

    class Shut(State): ...

    class End(Final): ...

    @output(End)
    def total(self) -> int:
        return self.ctx.n

    @guard
    def positive(self) -> bool:
        return self.ctx.n > 0

    @on(Add, On)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by

    @on(Lower, On, when=positive)
    def lower(self) -> None:
        self.ctx.n -= 1

    close = edge(Close, On, to=Shut)
    open = edge(Open, Shut, to=On)
    stop = edge(Stop, to=End)

    @on_exit(On)
    def left(self) -> None:
        self.ctx.log.append("left On")


class Lazy(Counter, unhandled="ignore"):
    """What it does not know it ignores."""


class Patient(Counter, unhandled="defer"):
    """What it does not know waits for a state that does."""


class Caller(StateMachine[Tally, Add | Lower | Stop, int]):
    """Asks the desk in a guard and in an action."""

    desk: Desk

    class Here(State, initial=True): ...

    class There(State): ...

    class End(Final): ...

    @output(End)
    def total(self) -> int:
        return self.ctx.n

    @guard
    async def allowed(self, ev: Add) -> bool:
        return await self.desk.allow(f"add {ev.by}")

    @on(Add, when=allowed)
    async def add(self, ev: Add) -> None:
        self.ctx.log.append(await self.desk.ask(f"note {ev.by}"))
        self.ctx.n += ev.by

    @on(Lower, Here, to=There)
    async def both(self) -> None:
        a, b = await self.gather(self.desk.ask("left"), self.desk.ask("right"))
        self.ctx.log.append(a + b)

    stop = edge(Stop, to=End)


class Greeter(StateMachine[Tally, Stop]):
    """Asks the desk while it is started."""

    desk: Desk

    class Here(State, initial=True): ...

    class End(Final): ...

    @on_enter(Here)
    async def greet(self) -> None:
        self.ctx.log.append(await self.desk.ask("hello"))

    stop = edge(Stop, to=End)


class Errand(StateMachine[Tally, Add | Stop, str]):
    """Asks the desk twice in an invoke."""

    desk: Desk

    class Out(State, initial=True): ...

    class Back(Final): ...

    class Lost(State): ...

    @output(Back)
    def news(self) -> str:
        return "".join(self.ctx.log)

    @on(Add, Out)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by

    @invoke(Out)
    async def run(self) -> str:
        return await self.desk.ask("one") + await self.desk.ask("two")

    @run.done(to=Back)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.log.append(ev.data)

    stop = edge(Stop, Out, to=Lost)


class Careful(Errand):
    """Knows what to do when its errand fails."""

    @Errand.run.failed(to=Errand.Lost)
    def note(self, ev: Failed) -> None:
        self.ctx.log.append(f"{ev.error.kind}: {ev.error.message}")


class Alarm(StateMachine[Tally, Add | Stop | Open]):
    """Rings after a minute without an Add."""

    class Quiet(State, initial=True): ...

    class Ringing(State): ...

    class End(Final): ...

    ring = after("60s", Quiet, to=Ringing)
    snooze = edge(Add, Quiet, to=Quiet)
    again = edge(Open, Ringing, to=Quiet)
    stop = edge(Stop, to=End)
