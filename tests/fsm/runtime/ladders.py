"""Services with policies, an implementation that does what it is told, and machines that ask them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, State, StateMachine, invoke, on, output
from fsm.errors import CallFailed
from fsm.ports.attempt import Attempt
from fsm.ports.store import Store
from fsm.service import Backoff, Retry, Terminal, call, current_call


class Backup(Protocol):
    """Whom to ask when the bank fails."""

    async def charge(self, amount: int, note: str = "") -> str: ...


def smaller(arguments: dict[str, Any], error: CallFailed, attempt: int) -> dict[str, Any]:
    """Half as much, and why."""
    return {"amount": arguments["amount"] // 2, "note": f"{attempt}. {error.kind}"}


STEADY = Retry(3, backoff=Backoff("10s", factor=2), jitter=0)
QUICK = Retry(3, backoff="1ms", jitter=0)


class Bank(Protocol):
    """One method for each policy."""

    async def plain(self, amount: int, note: str = "") -> str: ...

    @call(retry=STEADY)
    async def steady(self, amount: int, note: str = "") -> str: ...

    @call(retry=QUICK)
    async def quick(self, amount: int, note: str = "") -> str: ...

    @call(retry=QUICK, adjust=smaller)
    async def adjusted(self, amount: int, note: str = "") -> str: ...

    @call(retry=Retry(2, backoff="1ms", not_on=Terminal), fallback=Backup.charge)
    async def backed(self, amount: int, note: str = "") -> str: ...

    @call(once=True)
    async def once(self, amount: int, note: str = "") -> str: ...

    @call(timeout="20ms")
    async def timely(self, amount: int, note: str = "") -> str: ...

    @call(heartbeat="60ms")
    async def lively(self, amount: int, note: str = "") -> str: ...


@dataclass
class Made:
    """A call that an implementation got."""

    method: str
    amount: int
    note: str
    key: str
    attempt: int


@dataclass
class Teller:
    """Answers, or fails as its script says; each method may be held."""

    script: dict[str, list[Any]] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    held: dict[str, anyio.Event] = field(default_factory=dict)
    doing: Callable[[str], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def serve(amount: int, note: str = "") -> Any:
            now = current_call()
            self.made.append(Made(name, amount, note, now.idempotency_key, now.attempt))
            if self.doing is not None:
                await self.doing(name)
            if name in self.held:
                await self.held[name].wait()
            said = self.script[name].pop(0) if self.script.get(name) else "ok"
            if isinstance(said, Exception):
                raise said
            return said

        return serve


class PlainTeller:
    """Answers in threads, late if told so."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.first = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def serve(amount: int, note: str = "") -> str:
            if self.first:
                self.first = False
                self.go.wait(3)
                return "late"
            return "in time"

        return serve


class Log(Context):
    said: list[str] = []


class Ask(Event):
    method: str
    amount: int = 8


class Client(StateMachine[Log, Ask]):
    """Asks the bank in an action."""

    bank: Bank

    class Here(State, initial=True): ...

    @on(Ask, Here)
    async def ask(self, ev: Ask) -> None:
        try:
            self.ctx.said.append(await getattr(self.bank, ev.method)(ev.amount))
        except CallFailed as problem:
            self.ctx.said.append(f"{problem.kind}: {problem.message}")


class Strict(Client):
    """Does not expect failures."""

    @on(Ask, Client.Here)
    async def ask(self, ev: Ask) -> None:
        self.ctx.said.append(await getattr(self.bank, ev.method)(ev.amount))


class Order(Context):
    method: str
    amount: int = 8
    said: str = ""


class Errand(StateMachine[Order, Ask, str]):
    """Asks the bank in an invoke."""

    bank: Bank

    class Out(State, initial=True): ...

    class Back(Final): ...

    class Away(State): ...

    @invoke(Out)
    async def run(self) -> str:
        answer: str = await getattr(self.bank, self.ctx.method)(self.ctx.amount)
        return answer

    @run.done(to=Back)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.said = ev.data

    @run.failed(to=Back)
    def note(self, ev: Failed) -> None:
        self.ctx.said = f"{ev.error.kind}: {ev.error.message}"

    @on(Ask, Out, to=Away)
    def leave(self) -> None: ...

    @output(Back)
    def told(self) -> str:
        return self.ctx.said


async def rows_of(store: Store, instance: str) -> list[Attempt]:
    """The attempts of an instance that made one call."""
    return await store.attempts(instance)
