"""An instance of an older class goes on with a newer one, killed at every boundary and in its call.

python -m tests.simulation.evolving FOLDER       a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import Context, Done, Event, Final, Migration, Orchestrator, State, StateMachine, after, edge, invoke
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live


class Pay(Event): ...


class Cents(Context):
    cents: int = 250
    weighed: str = ""


class Euros(Context):
    euros: float
    weighed: str = ""


class Scale(Protocol):
    async def weigh(self, what: str) -> str: ...


class Before(StateMachine[Cents, Pay], name="Order", version=1):
    scale: Scale

    class Cart(State, initial=True): ...

    class Paid(Final): ...

    class Forgotten(Final): ...

    @invoke(Cart)
    async def weigh(self) -> str:
        return await self.scale.weigh(f"{self.ctx.cents}")

    @weigh.done()
    def weighed(self, ev: Done[str]) -> None:
        self.ctx.weighed = ev.data

    pay = edge(Pay, Cart, to=Paid)
    late = after("30d", Cart, to=Forgotten)


def to_euros(data: dict[str, Any]) -> dict[str, Any]:
    """The newer context."""
    return {"euros": data["cents"] / 100, "weighed": data["weighed"]}


class Order(
    StateMachine[Euros, Pay],
    version=2,
    migrations=(Migration("1", {"Cart": "Open.Cart"}, context=to_euros, timers={"late": "expired"}),),
):
    scale: Scale

    class Open(State, initial=True):
        class Cart(State, initial=True): ...

    class Paid(Final): ...

    class Forgotten(Final): ...

    @invoke(Open.Cart)
    async def weigh(self) -> str:
        return await self.scale.weigh(f"{self.ctx.euros}")

    @weigh.done()
    def weighed(self, ev: Done[str]) -> None:
        self.ctx.weighed = ev.data

    pay = edge(Pay, Open, to=Paid)
    expired = after("30d", Open.Cart, to=Forgotten)


class Hanging:
    """Weighs for ever: its caller is gone before it is done."""

    def __init__(self) -> None:
        self.begun = anyio.Event()

    async def weigh(self, what: str) -> str:
        self.begun.set()
        await anyio.sleep_forever()
        return what


class Counting:
    """Notes what it weighs."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def weigh(self, what: str) -> str:
        self._ledger.work(what)
        return f"weighed {what}"


def older(file: Path) -> None:
    """A file with an instance of the older class, in the middle of its invoke."""

    async def begin() -> None:
        scale = Hanging()
        async with Orchestrator(SQLStore(file, synchronous="NORMAL"), [Before], {Scale: scale}) as orchestrator:
            await orchestrator.start(Before, id="A-1")
            await scale.begun.wait()

    anyio.run(begin)


async def newer(folder: Path, reaper: Reaper) -> Any:
    """Go on with the newer class, to the end."""
    scale = Counting(Ledger(folder / "ledger", reaper))
    async with Orchestrator(SQLStore(folder / "fsm.db", synchronous="NORMAL"), [Order], {Scale: scale}) as orchestrator:
        order = orchestrator.get("A-1", Order)
        with anyio.fail_after(20):
            while (await order.snapshot()).status == "running" and not (await order.snapshot()).context.weighed:
                await anyio.sleep(0.005)
        await order.send(Pay(), key="pay")
        snapshot, turns = await order.snapshot(), await order.history()
    keys = {json.loads(line)["key"] for line in (folder / "ledger").read_text().splitlines()}
    return {
        "configuration": sorted(snapshot.configuration),
        "context": snapshot.context.model_dump(),
        "turns": [(turn.seq, turn.event) for turn in turns],
        "calls": [(call.method, call.answer) for turn in turns for call in turn.calls],
        "effective": len(keys),
    }


def main(folder: Path) -> None:
    """The undisturbed life, then one for each place to die."""
    older(folder / "prepared.db")
    (folder / "before").mkdir()
    shutil.copy(folder / "prepared.db", folder / "before" / "fsm.db")
    anyio.run(newer, folder / "before", Reaper(None))  # what is loaded and compiled now need not be in every life
    counts = _lived(folder)
    places = [("boundary", n) for n in range(1, counts["boundary"] + 1)] + [("call", 1), ("called", 1)]
    for place in places:
        _lived(folder, place)


def _lived(folder: Path, death: tuple[str, int] | None = None) -> dict[str, int]:
    place = folder / ("whole" if death is None else "-".join(map(str, death)))
    place.mkdir()
    shutil.copy(folder / "prepared.db", place / "fsm.db")
    made = live(newer, place, [] if death is None else [death])
    print(json.dumps({"place": death, **asdict(made)}), flush=True)
    return made.counts


if __name__ == "__main__":
    main(Path(sys.argv[1]))
