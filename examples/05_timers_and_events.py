"""Timers and events from outside: an invitation that is answered, forgotten, or answered too late.

    python examples/05_timers_and_events.py

Three guests are invited for dinner. The events come from outside with a key each, so that an answer that is sent twice
counts once. Timers are rows in the store: they go on while no process lives, and fire once when one does.
"""

import tempfile
from pathlib import Path

import anyio

from fsm import Context, Event, Final, Orchestrator, State, StateMachine, after, edge, on, on_enter, output
from fsm.errors import InstanceEnded
from persistence import open_store


class Answer(Event):
    """One base class for all answers; an edge on it takes both."""

    guests: int = 1


class Yes(Answer): ...


class No(Answer): ...


class Letter(Context):
    guests: int = 0
    reminders: int = 0


class Invitation(StateMachine[Letter, Answer, str]):
    """Invite, remind once, give up."""

    class Open(State, initial=True):
        class Sent(State, initial=True): ...

        class Reminded(State): ...

    class Coming(Final): ...

    class Away(Final): ...

    remind = after("200ms", Open.Sent, to=Open.Reminded)  # days, in real life
    forget = after("1500ms", Open.Reminded, to=Away)

    @on_enter(Open.Reminded)
    def count(self) -> None:
        self.ctx.reminders += 1

    @on(Yes, Open, to=Coming)
    def note(self, ev: Yes) -> None:
        self.ctx.guests = ev.guests

    decline = edge(No, Open, to=Away)

    @output(Coming)
    def welcome(self) -> str:
        return f"{self.ctx.guests} plates, {self.ctx.reminders} reminders"

    @output(Away)
    def miss(self) -> str:
        return f"no plate, {self.ctx.reminders} reminders"


async def invite(url: str) -> None:
    """The first process: Ada answers at once and twice, Ben after the reminder, Cleo never."""
    async with Orchestrator(open_store(url), machines=[Invitation]) as orchestrator:
        ada = await orchestrator.start(Invitation, id="Ada")
        ben = await orchestrator.start(Invitation, id="Ben")
        await orchestrator.start(Invitation, id="Cleo")

        first = await ada.send(Yes(guests=2), key="mail-17")
        again = await ada.send(Yes(guests=2), key="mail-17")  # the mail came twice
        print("Ada: ", await ada.result(), "- the same turn:", first.seq == again.seq)

        await anyio.sleep(0.4)
        print("Ben: ", *(await ben.snapshot()).configuration)
        await ben.send(Yes(), key="mail-18")
        print("Ben: ", await ben.result())


async def wait_for(url: str, id: str) -> None:
    """The second process: nobody lived when the last timer came due."""
    async with Orchestrator(open_store(url), machines=[Invitation]) as orchestrator:
        late = orchestrator.get(id, Invitation)
        print(f"{id}:", await late.result(timeout=5))
        try:
            await late.send(Yes(), key="mail-19")
        except InstanceEnded as ended:
            print(f"{id}:", ended)


async def main() -> None:
    """Two lives on one file, and a pause between them."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'dinner.db'}"
        await invite(url)
        await anyio.sleep(1.6)
        await wait_for(url, "Cleo")


if __name__ == "__main__":
    anyio.run(main)
