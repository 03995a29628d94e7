"""A machine in a file, and a store with an instance of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from fsm import Orchestrator
from fsm.command.target import load_file
from fsm.errors import InstanceParked
from persistence import open_store

CODE = """
from fsm import Event, Final, State, StateMachine, edge
class Press(Event): ...
class Break(Event): ...
class Lamp(StateMachine):
    class Lit(State, initial=True):
        class Low(State, initial=True): ...
        class High(State): ...
    class Broken(Final): ...
    press = edge(Press, Lit.Low, to=Lit.High)
    smash = edge(Break, Lit, to=Broken)
"""


def written(folder: Path) -> Path:
    """The file with the machine."""
    file = folder / "lamp.py"
    file.write_text(CODE, encoding="utf-8")
    return file


async def lived(folder: Path, *events: str) -> str:
    """The URL of a store in which one instance, `L-1`, took some events."""
    lamp = load_file(written(folder), "lamp.py")
    url = f"sqlite:///{folder / 'lamps.db'}"
    async with Orchestrator(open_store(url), machines=[lamp.Lamp]) as orchestrator:
        one = await orchestrator.start(lamp.Lamp, id="L-1")
        for event in events:
            await one.send(getattr(lamp, event)())
    return url


FURNACE = """
from fsm import Event, Parallel, State, StateMachine, edge, on
class Heat(Event): ...
class Furnace(StateMachine):
    class Works(Parallel, initial=True):
        class Door(State):
            class Shut(State, initial=True): ...
        class Fire(State):
            class Low(State, initial=True): ...
            class High(State): ...
    @on(Heat, Works.Fire.Low, to=Works.Fire.High)
    def heat(self, ev: Heat) -> None:
        raise RuntimeError("no gas")
"""


async def broken(folder: Path) -> tuple[Path, str]:
    """The file of a machine with two regions, and the URL of a store where one of them has failed, of `F-1`."""
    file = folder / "furnace.py"
    file.write_text(FURNACE, encoding="utf-8")
    furnace = load_file(file, "furnace.py")
    url = f"sqlite:///{folder / 'furnaces.db'}"
    async with Orchestrator(open_store(url), machines=[furnace.Furnace]) as orchestrator:
        one = await orchestrator.start(furnace.Furnace, id="F-1")
        with suppress(InstanceParked):
            await one.send(furnace.Heat())
    return file, url
