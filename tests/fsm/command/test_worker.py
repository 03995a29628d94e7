"""`fsm run` told to stop in the middle of turns: it finishes what it can, gives back the rest and ends in time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from fsm import Orchestrator
from fsm.command.target import load_file
from fsm.ports.store import Accepted, Commit, Status
from persistence import SQLStore, open_store

CODE = """
import time
from pathlib import Path
from typing import Protocol
import anyio
from fsm import Context, Event, Final, State, StateMachine, on

class Desk(Protocol):
    async def ask(self, what: str) -> str: ...
    async def hold(self, what: str) -> str: ...

class Ask(Event):
    what: str

class Hold(Event):
    what: str

class Case(StateMachine[Context, Ask | Hold]):
    desk: Desk
    class Open(State, initial=True): ...
    class Shut(Final): ...
    @on(Ask, Open, to=Shut)
    async def ask(self, ev: Ask) -> None:
        await self.desk.ask(ev.what)
    @on(Hold, Open, to=Shut)
    async def hold(self, ev: Hold) -> None:
        await self.desk.hold(ev.what)

class Slow:
    async def ask(self, what: str) -> str:
        Path(what).touch()
        await anyio.sleep(3600 if what.endswith("long") else 0.5)
        return what
    def hold(self, what: str) -> str:
        Path(what).touch()
        time.sleep(3600)
        return what

class Quick:
    async def ask(self, what: str) -> str:
        return what
    async def hold(self, what: str) -> str:
        return what

slow, quick = {Desk: Slow()}, {Desk: Quick()}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    file = tmp_path / "desk_that_is_slow.py"
    file.write_text(CODE, encoding="utf-8")
    return file


@contextmanager
def at_work(file: Path, url: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "fsm", "run", f"{file}:Case", "--services", f"{file}:slow", "--store", url]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def sent(file: Path, url: str, **calls: str) -> None:
    """Instances named after the event and the file that its call touches."""
    module = load_file(file, str(file))

    async def send() -> None:
        async with Orchestrator(open_store(url), [module.Case], module.quick) as orchestrator:
            for name in calls:
                await orchestrator.start(module.Case, id=name)
        store = open_store(url)
        await store.open(owner=False)
        for name, event in calls.items():
            payload = json.dumps({"what": str(file.parent / name)})
            row = Accepted(name, f"sent to {name}", event, payload, at=time.time())
            await store.commit([Commit(name, accepted=[row])])
        await store.close()

    anyio.run(send)


def arrived(*files: Path) -> None:
    """Wait until calls have begun."""
    end = time.monotonic() + 20
    while not all(file.exists() for file in files):
        assert time.monotonic() < end, "no call has begun"
        time.sleep(0.01)


def stopped(process: subprocess.Popen[str]) -> None:
    """Tell it to stop, and it does within its bound."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert process.stderr is not None
    assert process.stderr.read().splitlines()[-1] == "stopped"


def statuses(path: Path) -> dict[str, str]:
    """Where the instances stand, when nobody has claimed any."""

    async def look() -> dict[str, str]:
        store = SQLStore(path)
        await store.open(owner=False)
        assert await store.workers() == []
        found = {record.id: record.status for record in await store.find()}
        await store.close()
        return found

    return anyio.run(look)


def test_turns_finish_in_time_or_are_left_to_the_next_worker(desk: Path) -> None:
    path = desk.parent / "fsm.db"
    url = f"sqlite:///{path}"
    sent(desk, url, short="Ask", long="Ask")
    with at_work(desk, url, "--drain", "1.5") as process:
        arrived(desk.parent / "short", desk.parent / "long")
        stopped(process)
    assert statuses(path) == {"short": Status.DONE, "long": Status.RUNNING}
    module = load_file(desk, str(desk))

    async def go_on() -> None:
        async with Orchestrator(open_store(url), [module.Case], module.quick) as orchestrator:
            await orchestrator.get("long").result(timeout=30)
            for name in ("short", "long"):
                assert [entry.event for entry in await orchestrator.get(name).history()] == ["start", "Ask"]

    anyio.run(go_on)


def test_a_thread_that_a_service_does_not_give_back_keeps_no_process(desk: Path) -> None:
    path = desk.parent / "fsm.db"
    url = f"sqlite:///{path}"
    sent(desk, url, held="Hold")
    with at_work(desk, url, "--drain", "0.2") as process:
        arrived(desk.parent / "held")
        stopped(process)
    assert statuses(path) == {"held": Status.RUNNING}
