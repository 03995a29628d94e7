"""What the laws of engines are tried on: one machine that does everything, its child, and a ledger of real effects."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
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
from fsm.service import current_call
from fsm.talking import Question


class Note(Event):
    """Counts."""

    n: int = 1


class Pay(Event):
    """A guard asks, an action charges."""

    amount: int = 1
    twice: bool = False


class Rest(Event):
    """Set a timer."""

    seconds: float = 0.0


class Fetch(Event):
    """Do long work beside the machine."""

    what: str = "x"


class Brief(Event):
    """Have a child do something; far away, it never comes to an end."""

    far: bool = False


class Leave(Event):
    """Whatever it was, no more of it."""


class Early(Event):
    """Is taken only when resting."""


class Tell(Event):
    """Send an event to another instance."""

    to: str


class End(Event):
    """The end."""


class Sum(Question[int]):
    """How much was counted."""


class Data(Context):
    """What a shop remembers."""

    seen: list[int] = []
    paid: list[str] = []
    fired: int = 0
    fetched: str = ""
    failed: str = ""
    child: str = ""
    early: int = 0
    code: str = ""


class Bank(Protocol):
    """Services, some slow."""

    async def trusts(self, amount: int) -> bool: ...

    async def charge(self, amount: int) -> str: ...

    async def ship(self, amount: int) -> str: ...

    async def fetch(self, what: str) -> str: ...

    async def broken(self, what: str) -> str: ...


class Job(Context):
    """What a child is told."""

    what: str = ""
    far: bool = False


class Courier(StateMachine[Job, End, str]):
    """A child that waits for a moment."""

    class Riding(State, initial=True): ...

    class There(Final): ...

    @guard
    def near(self) -> bool:
        return not self.ctx.far

    arrive = after("50ms", Riding, to=There, when=near)

    @output(There)
    def told(self) -> str:
        return f"brought {self.ctx.what}"


class Shop(
    StateMachine[Data, Note | Pay | Rest | Fetch | Brief | Leave | Early | Tell | End | Sum, int], unhandled="defer"
):
    """Everything that an engine has to bring about."""

    bank: Bank

    class Open(State, initial=True): ...

    class Resting(State): ...

    class Fetching(State): ...

    class Briefing(State): ...

    class Over(Final): ...

    @output(Over)
    def total(self) -> int:
        return sum(self.ctx.seen)

    @on(Note, Open)
    def note(self, ev: Note) -> None:
        self.ctx.seen.append(ev.n)

    @on(Note, Fetching)
    def note_meanwhile(self, ev: Note) -> None:
        self.ctx.seen.append(ev.n)

    @guard
    async def trusted(self, ev: Pay) -> bool:
        return await self.bank.trusts(ev.amount)

    @on(Pay, Open, when=trusted)
    async def pay(self, ev: Pay) -> None:
        if ev.twice:
            self.ctx.paid += await self.gather(self.bank.charge(ev.amount), self.bank.ship(ev.amount))
            return
        self.ctx.paid.append(await self.bank.charge(ev.amount))
        self.ctx.paid.append(await self.bank.ship(ev.amount))
        self.ctx.code = f"{self.random.random():.6f} {self.now.timestamp():.3f}"

    @on(Pay, Open)
    def refuse(self, ev: Pay) -> None:
        self.ctx.failed = "not trusted"

    @on(Rest, Open, to=Resting)
    def rest(self, ev: Rest) -> None: ...

    wake = after("400ms", Resting, to=Open)
    leave_rest = edge(Leave, Resting, to=Open)

    @on_exit(Resting)
    def woken(self) -> None:
        self.ctx.fired += 1

    @on(Early, Resting)
    def take_early(self, ev: Early) -> None:
        self.ctx.early += 1

    @on(Fetch, Open, to=Fetching)
    def begin(self, ev: Fetch) -> None:
        self.ctx.fetched = ""

    @invoke(Fetching, timeout="30s")
    async def get(self, ev: Fetch) -> str:
        if ev.what == "broken":
            return await self.bank.broken(ev.what)
        return await self.bank.fetch(ev.what)

    @get.done(to=Open)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.fetched = ev.data

    @guard
    def known(self, ev: Failed) -> bool:
        return "unknown" not in ev.error.message

    @get.failed(to=Open, when=known)
    def lost(self, ev: Failed) -> None:
        self.ctx.failed = ev.error.message

    leave_fetching = edge(Leave, Fetching, to=Open)
    brief = edge(Brief, Open, to=Briefing)

    @invoke(Briefing, machine=Courier)
    def send_courier(self, ev: Brief) -> Job:
        return Job(what="parcel", far=ev.far)

    @send_courier.done(to=Open)
    def received(self, ev: Done[str]) -> None:
        self.ctx.child = ev.data

    leave_briefing = edge(Leave, Briefing, to=Open)

    @on(Tell, Open)
    def tell(self, ev: Tell) -> None:
        self.send(Note(n=7), to=ev.to)

    @on(Sum)
    def answer(self, ev: Sum) -> None:
        self.reply(sum(self.ctx.seen))

    end = edge(End, Open, to=Over)


class Ledger:
    """What services really did, in a file that nobody rolls back; and how long they take."""

    def __init__(self, folder: Path, slow: float = 0.0) -> None:
        self.path, self.slow = folder / "effects", slow
        self.path.touch()

    def say(self, verb: str, what: object) -> None:
        """Write a line, at once."""
        call = current_call()
        line = {"verb": verb, "what": what, "key": call.idempotency_key, "attempt": call.attempt, "pid": os.getpid()}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self, verb: str = "", instance: str = "") -> list[dict[str, Any]]:
        """What was written."""
        found = [json.loads(line) for line in self.path.read_text().splitlines() if line.endswith("}")]
        return [f for f in found if verb in ("", f["verb"]) and f["key"].startswith(instance)]

    async def trusts(self, amount: int) -> bool:
        """Whether an amount is small."""
        self.say("trusts", amount)
        return amount < 100

    async def charge(self, amount: int) -> str:
        """Take money, at once."""
        if amount == 66:
            raise RuntimeError("no money")
        self.say("charge", amount)
        return f"charged {amount}"

    async def ship(self, amount: int) -> str:
        """Take a while."""
        self.say("ship begins", amount)
        await anyio.sleep(self.slow)
        self.say("ship ends", amount)
        return f"shipped {amount}"

    async def fetch(self, what: str) -> str:
        """Take a while."""
        self.say("fetch begins", what)
        await anyio.sleep(30 if what == "long" else self.slow)
        self.say("fetch ends", what)
        return f"fetched {what}"

    async def broken(self, what: str) -> str:
        """Fail."""
        self.say("broken", what)
        raise RuntimeError("it is broken")


class Wider(StateMachine[Data, Note | End, int], name="Shop", version="2"):
    """The next release of the shop: another class for what is open."""

    class Open(State, initial=True): ...

    class Over(Final): ...

    @on(Note, Open)
    def note(self, ev: Note) -> None:
        self.ctx.seen.append(100 * ev.n)

    @output(Over)
    def total(self) -> int:
        return sum(self.ctx.seen)

    end = edge(End, Open, to=Over)

    @on_enter(Over)
    def close(self) -> None:
        self.ctx.code = "second release"


class Hasty(StateMachine[Data, Note | Pay | End, int], name="Shop", version="2"):
    """Another release, which makes other calls for the same event."""

    bank: Bank

    class Open(State, initial=True): ...

    class Over(Final): ...

    @on(Pay, Open)
    async def pay(self, ev: Pay) -> None:
        self.ctx.paid.append(await self.bank.charge(1_000 + ev.amount))

    @output(Over)
    def total(self) -> int:
        return len(self.ctx.paid)

    end = edge(End, Open, to=Over)
