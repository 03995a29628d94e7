"""A machine of `transitions`, made durable in one line: killed in the middle of a callback, nothing counts twice.

    python examples/06_transitions_made_durable.py

The hero is that of the README of transitions, and knows nothing of us. The fields of `Journal` are attributes of his
that are part of every snapshot; the methods read and write them as before.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
from transitions import Machine

from fsm import Context, Orchestrator, Signal, StateMachine
from persistence import open_store


class NarcolepticSuperhero:
    """A model with a machine of its own, as they are written everywhere."""

    states = ["asleep", "hanging out", "hungry", "sweaty", "saving the world"]

    def __init__(self, name: str) -> None:
        self.name = name
        self.kittens_rescued = 0
        self.machine = Machine(model=self, states=self.states, initial="asleep")
        self.machine.add_transition("wake_up", "asleep", "hanging out")
        self.machine.add_transition("work_out", "hanging out", "hungry")
        self.machine.add_transition("eat", "hungry", "hanging out")
        self.machine.add_transition("distress_call", "*", "saving the world", before="change_into_costume")
        self.machine.add_transition("complete_mission", "saving the world", "sweaty", after="update_journal")
        self.machine.add_transition("clean_up", "sweaty", "asleep", conditions="is_exhausted")
        self.machine.add_transition("clean_up", "sweaty", "hanging out")
        self.machine.add_transition("nap", "*", "asleep")

    def change_into_costume(self) -> None:
        print(f"  {self.name} changes clothes")

    def update_journal(self, kittens: int) -> None:
        self.kittens_rescued += kittens
        print(f"  {self.kittens_rescued} kittens in the journal", flush=True)
        if "first" in sys.argv:
            os.kill(os.getpid(), signal.SIGKILL)  # the power fails: written down, and not yet committed

    @property
    def is_exhausted(self) -> bool:
        return self.kittens_rescued > 5


class Journal(Context):
    """What has to survive of him."""

    kittens_rescued: int = 0


DurableHero = StateMachine.from_transitions(NarcolepticSuperhero("Batman").machine, context=Journal)

NIGHT = (
    Signal(name="wake_up"),
    Signal(name="distress_call"),
    Signal(name="complete_mission", data={"kittens": 3}),
    Signal(name="clean_up"),
)


async def work(file: Path) -> None:
    """One life of the worker. Nothing in it asks whether it is the first."""
    async with Orchestrator(open_store(f"sqlite:///{file}"), machines=[DurableHero]) as orchestrator:
        hero = await orchestrator.start(DurableHero, id="batman")
        print(f"at first          {', '.join((await hero.snapshot()).configuration)}")
        for number, event in enumerate(NIGHT):
            step = await hero.send(event, key=f"night-{number}")  # the same key: the same event
            print(f"{event.name:17} {', '.join(step.configuration)}")
        print(f"rescued: {(await hero.snapshot()).context.kittens_rescued}")


def main() -> None:
    """Run the worker twice on one file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "heroes.db"
        for life in ("first", "second"):
            ended = subprocess.run([sys.executable, __file__, str(file), life], check=False)
            how = "was killed" if ended.returncode == -signal.SIGKILL else f"ended with code {ended.returncode}"
            print(f"the {life} worker {how}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(work, Path(sys.argv[1]))
    else:
        main()
