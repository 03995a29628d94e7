"""`fsm run`: a worker that goes on with what was interrupted and takes what comes, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from rich.status import Status as Spinner

from fsm import Orchestrator
from fsm.command import screen
from fsm.command.failure import Failure
from fsm.command.target import MachineClass, machines_of, schedules_of, services_of
from fsm.errors import FsmError, ServiceMissing
from fsm.limits import DRAIN_SECONDS
from fsm.ports.store import Status, Store
from fsm.runtime.telemetry import Telemetry
from persistence import open_store

LOOK_SECONDS = 0.25
"""How often the progress is looked at."""

THREAD_SECONDS = 1.0
"""How long threads are waited for that have nothing to do any more."""

COUNTED_MAX = 1_000
"""Instances that one look counts; a larger store shows this many and a plus."""


class Progress:
    """What the worker does, in one line: drawn anew on a terminal, printed when it changes elsewhere."""

    def __init__(self) -> None:
        self._console = screen.console(stderr=True)
        self._spinner = Spinner("", console=self._console) if self._console.is_terminal else None
        self._said = ""

    def begin(self) -> None:
        """Start the spinner on a terminal."""
        if self._spinner is not None:
            self._spinner.start()

    def end(self) -> None:
        """Give the terminal back."""
        if self._spinner is not None:
            self._spinner.stop()

    def say(self, text: str) -> None:
        """Show where things stand."""
        if text != self._said:
            self._said = text
            if self._spinner is not None:
                self._spinner.update(text)
            else:
                print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        if self._spinner is not None:
            self._console.print(text, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be run, and on which store: the options of the command."""

    targets: tuple[str, ...]
    url: str
    services: str | None = None
    schedules: str | None = None
    drain_seconds: float = DRAIN_SECONDS
    telemetry: bool = False

    def machines(self) -> list[MachineClass]:
        """The machines that the targets name. Raises Misuse, Failure."""
        return list(dict.fromkeys(m for target in self.targets for m in machines_of(target)))


async def work(wish: Wish, *, until_idle: bool) -> None:
    """Run the machines on the store until a signal, or until nothing is left to do."""
    machines, url = wish.machines(), wish.url
    store, progress = open_store(url), Progress()
    names = ", ".join(m.__chart__.name for m in machines)
    async with stopping() as stop:
        progress.begin()
        try:
            async with running(store, machines, wish):
                progress.note(f"running {names} on {url}; Ctrl-C stops after the turns that are going on")
                await watch(store, {m.__chart__.name for m in machines}, stop, progress, until_idle=until_idle)
                progress.say("stopping: turns finish or roll back, interrupted invokes go on with the next worker")
        finally:
            progress.end()
    progress.note("stopped" if stop.is_set() else "nothing is left to do")


@asynccontextmanager
async def running(store: Store, machines: list[MachineClass], wish: Wish) -> AsyncIterator[Orchestrator]:
    """The orchestrator; a missing service is explained in the words of the command line."""
    services = services_of(wish.services) if wish.services else {}
    schedules = schedules_of(wish.schedules) if wish.schedules else []
    telemetry = Telemetry() if wish.telemetry else None
    try:
        orchestrator = Orchestrator(
            store, machines, services,
            schedules=schedules, drain_seconds=wish.drain_seconds, telemetry=telemetry,
        )  # fmt: skip
    except ServiceMissing as problem:
        raise Failure(
            str(problem),
            where=wish.url,
            why="ServiceMissing",
            fix="--services MODULE:NAME names a dict of implementations, or a function that returns one",
        ) from problem
    async with orchestrator:
        yield orchestrator


@asynccontextmanager
async def stopping() -> AsyncIterator[anyio.Event]:
    """An event that is set when SIGINT or SIGTERM arrives."""
    stop = anyio.Event()

    async def listen() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            ready.set()
            async for _ in signals:
                stop.set()

    ready = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(listen)
        await ready.wait()
        yield stop
        group.cancel_scope.cancel()


def leave_threads() -> None:
    """End the process although a service does not give back its thread; else the interpreter would wait for it.

    What it was called for is no longer waited for: the next worker calls again, with the same idempotency key.
    """
    lingering = [t for t in threading.enumerate() if t is not threading.current_thread() and not t.daemon]
    end = time.monotonic() + THREAD_SECONDS
    for thread in lingering:
        thread.join(max(0.0, end - time.monotonic()))
    if any(thread.is_alive() for thread in lingering):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


async def watch(store: Store, machines: set[str], stop: anyio.Event, progress: Progress, *, until_idle: bool) -> None:
    """Show the progress until the signal, or until nothing is left to do."""
    while not stop.is_set():
        try:
            progress.say(await standing(store))
            if until_idle and await idle(store, machines):
                return
        except FsmError as problem:
            progress.say(f"the store cannot be read now: {problem}")
        with anyio.move_on_after(LOOK_SECONDS):
            await stop.wait()


async def standing(store: Store) -> str:
    """How many instances stand where."""
    alive = (Status.RUNNING.value, Status.PARKED.value, Status.PAUSED.value)
    records = await store.find(statuses=alive, limit=COUNTED_MAX)
    more = "+" if len(records) == COUNTED_MAX else ""
    counts = Counter(r.status for r in records)
    return ", ".join(f"{counts[s]}{more} {s}" for s in alive if counts[s] or s == "running")


async def idle(store: Store, machines: set[str]) -> bool:
    """Whether no event, invoke or timer of these machines is left; what only waits for an event is left alone."""
    return not await store.waking(sorted(machines))
