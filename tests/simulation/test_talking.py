"""Who starts by key, asks and is found is killed at every boundary; whoever goes on gets the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import anyio
import pytest

from fsm import Context, Event, Orchestrator, State, StateMachine, on
from fsm.talking import Question
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live, places


class Price(Context):
    amount: int


class Quote(Question[Price]):
    pieces: int


class Rename(Event):
    customer: str


class Sale(Context):
    customer: str
    asked: int = 0


class Desk(Protocol):
    async def price(self, pieces: int) -> int: ...


class Order(StateMachine[Sale, Quote | Rename], search=("customer", "asked")):
    desk: Desk

    class Open(State, initial=True): ...

    @on(Quote, Open)
    async def quote(self, ev: Quote) -> None:
        self.ctx.asked += 1
        self.reply(Price(amount=await self.desk.price(ev.pieces) + self.ctx.asked))

    @on(Rename, Open)
    def rename(self, ev: Rename) -> None:
        self.ctx.customer = ev.customer


async def life(folder: Path, reaper: Reaper) -> list[object]:
    """All of it from the beginning, as somebody does who does not know how far he came."""
    ledger = Ledger(folder / "ledger", reaper)

    class Clerk:
        async def price(self, pieces: int) -> int:
            ledger.work(f"{pieces} pieces")
            return 10 * pieces

    async with Orchestrator(SQLStore(folder / "fsm.db"), [Order], {Desk: Clerk()}) as orchestrator:
        with anyio.fail_after(5):
            order = await orchestrator.start(Order, Sale(customer="c1"), key="PO-7")
            answers = [(await order.ask(Quote(pieces=n), key=f"q-{n}")).amount for n in (1, 2)]
            await order.send(Rename(customer="c2"), key="rename")
            again = (await order.ask(Quote(pieces=1), key="q-1")).amount
            found = [
                [one.id for one in await orchestrator.find(attributes=wanted)]
                for wanted in ({"customer": "c1"}, {"customer": "c2", "asked": 2})
            ]
        return [answers, again, found, [entry.event for entry in await order.history()]]


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_at_any_place_changes_neither_answers_nor_what_is_found(every: int, tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = live(life, tmp_path / "calm")
    wanted = [[11, 22], 11, [[], ["Order:PO-7"]], ["start", "Quote", "Quote", "Rename"]]
    assert (calm.error, calm.told) == ("", wanted)
    for number, death in enumerate(places(calm.counts, "boundary", "call", "called")[::every]):
        folder = tmp_path / str(number)
        folder.mkdir()
        lived = live(life, folder, [death])
        assert (lived.error, lived.told, lived.deaths) == ("", wanted, 1), death
        keys = {
            line["what"]: {one["key"] for one in lived.ledger if one["what"] == line["what"]} for line in lived.ledger
        }
        assert all(len(used) == 1 for used in keys.values()), keys
