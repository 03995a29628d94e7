"""The stage: runs the demonstration, kills the worker, and says at the end what became of the orders."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import anyio

from fsm.command.failure import Misuse
from fsm.demo.evidence import gather, paint
from fsm.demo.ledger import read_ledger
from fsm.demo.life import Worker
from fsm.demo.script import Script, write_script
from fsm.demo.verdict import Evidence, differences
from fsm.demo.view import View, open_view
from fsm.demo.world import World
from fsm.ports.store import Record, Status, Store
from persistence import open_store

TICK_SECONDS = 0.05
"""How often the orders are looked at."""

STAGE_SECONDS_MAX = 240.0
"""A demonstration that takes longer has lost something."""


class Stage:
    """One demonstration.

    worker lives ──SIGKILL──▶ dead ──▶ next life ──SIGKILL──▶ … ──▶ last life: all orders end ──▶ verdict
    """

    def __init__(self, script: Script, out: Path, store: Store, url: str, view: View) -> None:
        self.script, self.out, self.store, self.url, self.view = script, out, store, url, view
        self.world = World(script, store)
        self.killed: list[int] = []
        self._working = 0.0
        self._records: Sequence[Record] = ()

    async def play(self) -> None:
        """Live after life, until every order has ended. Raises Failure when a worker ends by itself."""
        with anyio.fail_after(STAGE_SECONDS_MAX):
            for number, life in enumerate(self.script.lives, 1):
                async with Worker(number, self.url, self.script, self.out) as worker:
                    await self._act(worker, life.seconds, from_start=life.starting)
                    await worker.kill()
                self.killed.append(number)
                self._mourn(worker)
            async with Worker(len(self.script.lives) + 1, self.url, self.script, self.out) as worker:
                await self._act(worker, None)
                await worker.stop()

    async def _act(self, worker: Worker, seconds: float | None, *, from_start: bool = False) -> None:
        """Let a worker live for so long; without a time until all orders have ended."""
        said = False
        while True:
            worker.check()
            before = time.monotonic()
            if worker.ready_at is not None and not said:
                said = True
                text = "works" if worker.number == 1 else f"goes on: {self._done()} of {self._all()} orders have ended"
                self.view.note(f"worker {worker.number} (process {worker.pid}) {text}")
            began = worker.started_at if from_start else worker.ready_at
            if seconds is not None and began is not None and time.monotonic() - began >= seconds:
                return
            self._records = await self.store.find(limit=self._all())
            await self.world.act(self._records, self._working if seconds is not None else float("inf"))
            self._show(worker)
            if seconds is None and self._done() == self._all() and self.world.quiet:
                return
            await anyio.sleep(TICK_SECONDS)
            if worker.ready_at is not None:
                self._working += time.monotonic() - before

    def _show(self, worker: Worker) -> None:
        kills = f"{len(self.killed)} of {len(self.script.lives)} kills"
        ended = f"{self._done()} of {self._all()} ended"
        self.view.show(self._records, f"worker {worker.number} (process {worker.pid})   {kills}   {ended}")

    def _mourn(self, worker: Worker) -> None:
        runs = read_ledger(self.out / "ledger.jsonl")
        cut = Counter(r.method for r in runs if r.life == worker.number and r.outcome is None)
        calls = ", ".join(f"{n}× {method}" for method, n in sorted(cut.items())) or "no call"
        self.view.note(f"worker {worker.number} (process {worker.pid}) killed with SIGKILL in the middle of {calls}")

    def _done(self) -> int:
        return sum(Status(r.status).ended for r in self._records)

    def _all(self) -> int:
        return len(self.script.orders)


def demonstrate(*, orders: int, kills: int, seed: int | None, out: Path) -> int:
    """Run the demonstration; the exit code."""
    script = write_script(random.SystemRandom().randrange(10_000) if seed is None else seed, orders, kills)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Misuse(
            f"{out} cannot be made a folder: {problem.strerror}", fix="name another one with --out"
        ) from problem
    for name in ("orders.db*", "ledger.jsonl", "worker.log", "order.*"):
        for old in out.glob(name):
            old.unlink()
    return anyio.run(perform, script, out)


async def perform(script: Script, out: Path) -> int:
    """Play, judge, paint and report; the exit code."""
    began = time.monotonic()
    url = f"sqlite:///{quote((out / 'orders.db').as_posix())}"
    kills = len(script.lives)
    print(f"{len(script.orders)} orders; the worker will be killed {kills}×; seed {script.seed}", flush=True)
    store = open_store(url)
    await store.open(owner=False)
    try:
        view = open_view(script)
        stage = Stage(script, out, store, url, view)
        try:
            await stage.play()
        except TimeoutError:
            view.note(f"not ended after {STAGE_SECONDS_MAX:g} s")
        finally:
            view.close()
        evidence = await gather(script, store, read_ledger(out / "ledger.jsonl"), frozenset(stage.killed))
        pictures = await paint(store, url, script.orders[0].id, out)
    finally:
        await store.close()
    wrong = differences(evidence)
    report(evidence, stage.world, pictures, url)
    if wrong:
        print(f"\n{len(wrong)} differences:", *wrong, sep="\n  ")
        print(f"see {out}/worker.log, ledger.jsonl and `fsm history ID --store {url}`")
        return 1
    counted = f"{kills} kill{'s' if kills != 1 else ''}"
    print(f"{len(script.orders)} orders, {counted}: nothing lost, nothing doubled ({time.monotonic() - began:.1f} s)")
    return 0


def report(evidence: Evidence, world: World, pictures: Sequence[Path], url: str) -> None:
    """What happened, in a few lines."""
    ends = Counter(", ".join(e.configuration) for e in evidence.orders.values())
    cut = sum(r.outcome is None for r in evidence.runs)
    recognised = sum(r.recognised for r in evidence.runs)
    answered = sum(len(e.recorded) for e in evidence.orders.values())
    print()
    print(f"orders    {', '.join(f'{n} {state}' for state, n in sorted(ends.items()))}")
    print(f"calls     {answered} answered, {cut} cut short by a kill and made again under the same key")
    if recognised:
        print(f"          {recognised} had been done, but not recorded: recognised by their key, not done again")
    print(f"events    {world.sent} sent from outside, {world.refused} of them twice, each taken once")
    print(f"pictures  {', '.join(map(str, pictures))}")
    print(f"look      fsm list --store {url}")
