"""What it costs to import us, over what our dependencies cost anyway: processor time of fresh processes, by turns."""

from __future__ import annotations

import resource
import sys

from benchmarks import child
from benchmarks.figure import Gate, Outcome, Wrong, best
from benchmarks.race import Effort

_PROGRAMS = {
    "pydantic, one model": "from pydantic import BaseModel\nclass M(BaseModel):\n    x: int",
    "fsm": "from fsm import StateMachine, Event",
    "sqlmodel, one table": (
        "from sqlmodel import Field, SQLModel\nclass M(SQLModel, table=True):\n    x: int = Field(primary_key=True)"
    ),
    "fsm and persistence": "from fsm import StateMachine, Event\nfrom persistence import SQLStore",
    "a store opened": (
        "import anyio, tempfile\nfrom fsm import StateMachine, Event\nfrom persistence import SQLStore\n"
        "async def main():\n    with tempfile.TemporaryDirectory() as folder:\n"
        "        store = SQLStore(f'{folder}/fsm.db')\n        await store.open(owner=True)\n"
        "        await store.find()\n        await store.close()\n"
        "anyio.run(main)"
    ),
}


def imports(effort: Effort) -> list[Outcome]:
    """`from fsm import …` over pydantic; with the SQL store over sqlmodel."""
    took: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for number in range(max(5, effort.fewer) + 1):
        for name, program in _PROGRAMS.items():
            seconds = _processor_seconds(program)
            if number:  # the first round fills the caches
                took[name].append(seconds * 1e3)
    return [
        _over("from fsm import StateMachine, Event", took, "fsm", "pydantic, one model", Gate(60, 40)),
        _over("the same and persistence.SQLStore", took, "fsm and persistence", "sqlmodel, one table", Gate(80, 50)),
        # What an import leaves for later is paid here: no gate, but no secret either.
        _over("the same, a new store opened, asked and closed", took, "a store opened", "sqlmodel, one table"),
    ]


def _over(case: str, took: dict[str, list[float]], over: str, under: str, gate: Gate | None = None) -> Outcome:
    sides = {name: min(took[name]) for name in (over, under)}
    return best(f"{case}, over {under}", [sides[over] - sides[under]], "ms", gate, sides=sides)


def _processor_seconds(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = child.run([sys.executable, "-c", program])
    if done.returncode:
        raise Wrong(f"{program!r} failed: {done.stderr[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
