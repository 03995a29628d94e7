"""The nemesis: workers on one store, clients that ask any of them, and somebody who kills and freezes workers.

    python -m tests.simulation.nemesis URL LEDGER LEASE BACKEND     one worker: requests on stdin, answers on stdout

Harm is done at moments of the clients' progress, at a random place, from a seed. A client that gets no answer, or is
told of trouble, asks another worker with the same key; what a frozen worker says when it wakes counts as an answer too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream

from fsm import FsmError, Orchestrator
from fsm.errors import EventError
from fsm.ports.store import Store
from persistence import open_store
from tests.simulation.accounts import Account, Clerks, Desk, Hire, Labour, Pass, Piece, Put, Remind, Tagged
from tests.simulation.audit import Books, Sent

EVENTS = {event.__name__: event for event in (Put, Pass, Labour, Hire, Remind)}
ROOT = Path(__file__).parents[2]
LINE_BYTES_MAX = 1_000_000
EXPLAINED = ("Store", "WaitTimeout")
"""Troubles that a frozen neighbour may cause: one that holds a lock, or the instance itself."""

# ---- one worker


async def serve(url: str, ledger: Path, lease: float) -> None:
    """Run instances, and do what the clients ask for, until they say no more."""
    services = {Desk: Clerks(ledger, 0.003)}
    store = open_store(url)
    async with Orchestrator(store, [Account, Piece], services, lease_seconds=lease) as orchestrator:
        tell({"ready": os.getpid()})
        async with anyio.create_task_group() as group:
            async for line in anyio.wrap_file(sys.stdin):
                group.start_soon(answer, orchestrator, json.loads(line))


async def answer(orchestrator: Orchestrator, asked: dict[str, Any]) -> None:
    """One request of a client."""
    try:
        if asked["event"] is None:
            await orchestrator.start(Account, id=asked["instance"])
            tell({"n": asked["n"], "step": "begun"})
            return
        event = EVENTS[asked["event"]].model_validate(asked["payload"])
        account = orchestrator.get(asked["instance"], Account)
        step = await account.send(event, key=event.tag, timeout=30)
        tell({"n": asked["n"], "step": [step.seq, sorted(step.configuration), list(step.transitions)]})
    except EventError as problem:
        tell({"n": asked["n"], "step": f"{type(problem).__name__}: {problem}"})
    except FsmError as problem:
        tell({"n": asked["n"], "trouble": f"{type(problem).__name__}: {problem}"})


def tell(what: dict[str, Any]) -> None:
    """Answer with a line, whole or not at all."""
    os.write(sys.stdout.fileno(), json.dumps(what).encode() + b"\n")


# ---- the campaign


@dataclass
class Place:
    """Where a worker runs, one after the other."""

    number: int
    process: Process | None = None
    ready: anyio.Event = field(default_factory=anyio.Event)


class Campaign:
    """Three workers, and what was sent to them and answered."""

    def __init__(self, group: TaskGroup, url: str, folder: Path, seed: int, lease: float, workers: int) -> None:
        self._group, self.url, self.folder, self.lease = group, url, folder, lease
        self.books, self.chance = Books(), random.Random(seed)
        self.places = [Place(number) for number in range(workers)]
        self.harms: list[str] = []
        self.troubles: list[str] = []
        self.answered = 0
        self._asked: dict[int, tuple[str, anyio.Event]] = {}
        self._ok: set[str] = set()
        self._lives = 0
        self._progress = anyio.Event()

    async def begin(self, place: Place) -> None:
        """Let a worker begin."""
        self._lives += 1
        backend = "trio" if self._lives % 3 == 0 else "asyncio"
        ledger = self.folder / f"ledger-{place.number}"
        command = [sys.executable, "-m", "tests.simulation.nemesis", self.url, str(ledger), str(self.lease), backend]
        place.ready = anyio.Event()
        with (self.folder / f"errors-{self._lives}").open("wb") as errors:
            place.process = await anyio.open_process(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT
            )
        self._group.start_soon(self._listen, place, place.process)

    async def _listen(self, place: Place, process: Process) -> None:
        assert process.stdout is not None
        lines = BufferedByteReceiveStream(process.stdout)
        with suppress(anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError):
            while True:
                told = json.loads(await lines.receive_until(b"\n", LINE_BYTES_MAX))
                if "ready" in told:
                    place.ready.set()
                else:
                    self._heard(told)

    def _heard(self, told: dict[str, Any]) -> None:
        tag, heard = self._asked[told["n"]]
        if "trouble" in told:
            self.troubles.append(told["trouble"])
        elif tag in self.books.sent:
            self.books.answers[tag].append(told["step"])
            self._ok.add(tag)
        else:
            self._ok.add(tag)
        heard.set()

    @property
    def unexpected(self) -> list[str]:
        """What clients were told that no harm explains."""
        return [trouble for trouble in self.troubles if not trouble.startswith(EXPLAINED)]

    # ---- the clients

    async def ask(self, tag: str, instance: str, event: Tagged | None, by: Place | None = None) -> None:
        """Ask one worker after the other, or always the same one, until there is an answer."""
        while tag not in self._ok:
            place = by or self.chance.choice(self.places)
            heard, number = anyio.Event(), len(self._asked)
            self._asked[number] = (tag, heard)
            line = {
                "n": number,
                "instance": instance,
                "event": None if event is None else type(event).__name__,
                "payload": None if event is None else event.model_dump(),
            }
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                assert place.process is not None
                assert place.process.stdin is not None
                await place.process.stdin.send(json.dumps(line).encode() + b"\n")
                with anyio.move_on_after(2 * self.lease):
                    await heard.wait()
            if not heard.is_set() or tag not in self._ok:
                await anyio.sleep(0.02)

    async def start(self, accounts: list[str]) -> None:
        """Begin the accounts."""
        async with anyio.create_task_group() as group:
            for account in accounts:
                group.start_soon(self.ask, f"start {account}", account, None)

    async def send(self, events: int, accounts: list[str], clients: int = 16) -> None:
        """Send so many events from several clients at once, some of them twice at the same moment."""
        todo = [self._event(f"e{n}", accounts) for n in range(events)]
        self.books.sent |= {sent.event.tag: sent for sent in todo}
        todo.reverse()

        async def client() -> None:
            while todo:
                sent = todo.pop()
                async with anyio.create_task_group() as group:
                    for _ in range(1 + (self.chance.random() < 0.2)):
                        group.start_soon(self.ask, sent.event.tag, sent.instance, sent.event)
                self.answered += 1
                self._progress.set()

        async with anyio.create_task_group() as group:
            for _ in range(clients):
                group.start_soon(client)

    async def repeat(self, count: int) -> None:
        """Send again what was answered long ago."""
        async with anyio.create_task_group() as group:
            for tag in self.chance.sample(sorted(self.books.sent), count):
                sent = self.books.sent[tag]
                self._ok.discard(tag)
                group.start_soon(self.ask, tag, sent.instance, sent.event)

    def _event(self, tag: str, accounts: list[str]) -> Sent:
        chance, amount = self.chance, self.chance.randint(0, 9)
        instance = chance.choice(accounts)
        kind: Callable[..., Tagged] = chance.choices([Put, Pass, Labour, Hire, Remind], [5, 3, 1, 1, 1])[0]
        more = {"to": chance.choice(accounts)} if kind is Pass else {}
        return Sent(instance, kind(tag=tag, amount=amount, **more))

    # ---- the nemesis

    async def harm(self, events: int, times: int) -> None:
        """Kill or freeze some worker, so many times while so many events are answered."""
        for number in range(times):
            while self.answered < events * (number + 1) // (times + 1):
                self._progress = anyio.Event()
                await self._progress.wait()
            place = self.chance.choice(self.places)
            await place.ready.wait()
            what = ("kill", "freeze")[number % 2]
            self.harms.append(what)
            self._group.start_soon(self.kill if what == "kill" else self.freeze, place)

    async def kill(self, place: Place) -> None:
        """Kill a worker, and let another one begin in its place."""
        process = place.process
        assert process is not None
        process.kill()
        await process.wait()
        await self.begin(place)

    async def freeze(self, place: Place) -> None:
        """Stop a worker for longer than its lease, and wake it again."""
        process = place.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        await anyio.sleep(self.lease * self.chance.uniform(1.2, 2.0))
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)

    async def rest(self, store: Store) -> None:
        """Wait until nothing is left to do anywhere."""
        for place in self.places:
            await place.ready.wait()
        while await store.waking(["Account", "Piece"]) or await self._open(store):
            await anyio.sleep(0.05)

    async def _open(self, store: Store) -> bool:
        loaded = await store.load_many([record.id for record in await store.find(limit=1_000_000)])
        return any(one.inbox for one in loaded)


@asynccontextmanager
async def campaign(
    url: str, folder: Path, seed: int, *, lease: float = 1.0, workers: int = 3
) -> AsyncIterator[Campaign]:
    """Workers that are there, and are gone afterwards."""
    async with anyio.create_task_group() as group:
        made = Campaign(group, url, folder, seed, lease, workers)
        try:
            for place in made.places:
                await made.begin(place)
            for place in made.places:
                await place.ready.wait()
            yield made
        finally:
            with anyio.CancelScope(shield=True):
                for process in [p.process for p in made.places if p.process is not None]:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
            group.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(serve, sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), backend=sys.argv[4])
