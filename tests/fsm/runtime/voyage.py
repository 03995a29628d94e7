"""A machine with everything that looking back and going back has to bring again."""

from __future__ import annotations

from fsm import (
    Context,
    Done,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    edge,
    guard,
    invoke,
    on,
    output,
)
from tests.fsm.runtime.desk import Desk


class Sail(Event):
    """Leave the port."""

    miles: int = 1


class Turn(Event):
    """Change the weather."""


class Moor(Event):
    """Back into the port."""


class Scout(Event):
    """Have somebody look."""

    where: str = "reef"


class Log(Context):
    """What the ship knows; a note may be null."""

    miles: int = 0
    note: str | None = None
    log: list[str] = []
    seen: dict[str, int | None] = {}


class Boat(Context):
    """What a boat is told."""

    where: str = ""


class Row(StateMachine[Boat, Moor, str]):
    """What a scouting boat does."""

    class Out(State, initial=True): ...

    class In(Final): ...

    @output(In)
    def news(self) -> str:
        return self.ctx.where

    back = edge(Moor, Out, to=In)


class Trip(StateMachine[Log, Sail | Turn | Moor | Scout, int]):
    """A ship."""

    desk: Desk

    class Port(State, initial=True): ...

    class Sea(Parallel):
        tries: int = 0

        class Sky(State):
            class Calm(State, initial=True): ...

            class Storm(State): ...

            class Last(History, deep=True): ...

        class Crew(State):
            class Awake(State, initial=True): ...

            class Asleep(State): ...

            tired = after("8h", Awake, to=Asleep)

    class Reef(State): ...

    class Lost(State): ...

    class Home(Final): ...

    @output(Home)
    def total(self) -> int:
        return self.ctx.miles

    @guard
    def short(self, ev: Sail) -> bool:
        return ev.miles < 100

    @on(Sail, Port, to=Sea, when=short)
    def sail(self, ev: Sail) -> None:
        self.ctx.miles += ev.miles
        self.ctx.log.append("sailed")

    @on(Sail, Sea)
    def on_(self, ev: Sail) -> None:
        self.ctx.miles += ev.miles
        self.local(self.Sea).tries += 1
        self.ctx.seen[str(ev.miles)] = None if ev.miles % 2 else ev.miles

    turn = edge(Turn, Sea.Sky.Calm, to=Sea.Sky.Storm)
    clear = edge(Turn, Sea.Sky.Storm, to=Sea.Sky.Calm)
    again = edge(Turn, Port, to=Sea.Sky.Last)
    moor = edge(Moor, Sea, to=Port)
    scout = edge(Scout, Port, to=Reef)
    leave = edge(Moor, Reef, to=Port)
    overdue = after("30d", Port, to=Lost)
    end = edge(Sail, Lost, to=Home)

    @invoke(Reef, machine=Row, timeout="1h")
    def boat(self, ev: Scout) -> Boat:
        return Boat(where=ev.where)

    @boat.done(to=Port)
    def told(self, ev: Done[str]) -> None:
        self.ctx.note = ev.data

    @invoke(Sea)
    async def watch(self, ev: Sail | Turn) -> str:
        return await self.desk.ask(f"watch after {type(ev).__name__}")

    @watch.done()
    def watched(self, ev: Done[str]) -> None:
        self.ctx.note = ev.data
