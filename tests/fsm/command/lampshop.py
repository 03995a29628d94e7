"""A machine in a file, and a store with an instance of it."""

from __future__ import annotations

from pathlib import Path

from fsm import Orchestrator
from fsm.command.target import load_file
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
