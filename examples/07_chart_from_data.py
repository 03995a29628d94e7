"""A chart that nobody has programmed: written in YAML, started, killed, and resumed where nobody has ever seen it.

    python examples/07_chart_from_data.py

The first process makes a machine of a text and starts it; then the power fails. The second one is given no machine at
all: the store has kept the chart beside the instance, its conditions and its actions too.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio

from fsm import Orchestrator, Signal, StateMachine
from persistence import open_store

CHART = """
name: Expense
description: An expense is approved by the team, or by its boss.
context:
  amount: {type: number, default: 0}
  notes: {type: array, items: string, default: []}
states:
  - Draft
  - name: Open
    children:
      - Team
      - name: Boss
        tags: urgent
        on_enter: {assign: {notes: 'ctx.notes + ["the boss was asked"]'}}
    transitions:
      - {trigger: reject, dest: Rejected}
  - {name: Paid, final: true, output: {paid: ctx.amount, notes: ctx.notes}}
  - {name: Rejected, final: true, output: {paid: 0}}
transitions:
  - trigger: submit
    source: Draft
    dest: Open
    conditions: event.data.amount > 0.0
    before: {assign: {amount: event.data.amount}}
  - [{after: 200ms}, Open.Team, Open.Boss]  # days, in real life
  - trigger: approve
    source: Open
    dest: Paid
    conditions: ctx.amount < 100.0 || in_state("Open.Boss")
"""


async def designer(url: str) -> None:
    """The first life: a text becomes a machine."""
    expense = StateMachine.from_chart(CHART)
    async with Orchestrator(open_store(url)) as orchestrator:
        case = await orchestrator.start(expense, id="E-1")
        step = await case.send(Signal(name="submit", data={"amount": 120.5}))
        print("submitted ", *step.configuration, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


async def stranger(url: str) -> None:
    """The second life: no chart, no class, only the store."""
    async with Orchestrator(open_store(url)) as orchestrator:
        case = orchestrator.get("E-1")
        await anyio.sleep(0.3)  # the timer went on while nobody lived
        print("escalated ", *(await case.snapshot()).configuration)
        await case.send(Signal(name="approve"))
        print("approved  ", await case.result(timeout=5))


def main() -> None:
    """Two lives on one file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'expenses.db'}"
        for who in ("designer", "stranger"):
            ended = subprocess.run([sys.executable, __file__, who, url], check=False)
            how = "was killed" if ended.returncode == -signal.SIGKILL else f"ended with code {ended.returncode}"
            print(f"the {who} {how}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run({"designer": designer, "stranger": stranger}[sys.argv[1]], sys.argv[2])
    else:
        main()
