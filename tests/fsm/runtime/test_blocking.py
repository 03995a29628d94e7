"""The blocking door: one orchestrator, asked from any thread."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import HandlerMisuse, InstanceUnknown, NotAccepted, OrchestratorClosed, StoreError, WaitTimeout
from fsm.ports.sharing import Worker
from fsm.runtime.blocking import Blocking
from persistence import SQLStore
from tests.docs.blocks import ROOT
from tests.fsm.runtime.desk import SECONDS, Add, Caller, Close, Counter, Open, Place, Stop, Tally

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_methods_return_when_they_are_done(place: Place, backend: str) -> None:
    with Orchestrator(place.store(), [Counter]).blocking(backend) as orders:
        counter = orders.start(Counter, Tally(n=3), id="a")
        assert counter.send(Add(by=4)).configuration == {"On"}
        assert (counter.id, counter.machine, counter.snapshot().context.n) == ("a", Counter, 7)
        counter.send(Stop())
        assert counter.result(timeout=SECONDS) == 7
        assert [found.id for found in orders.find(machine=Counter)] == ["a"]
        assert orders.left_alone == 0


@BACKENDS
def test_errors_are_those_of_the_method(memory: Place, backend: str) -> None:
    with Orchestrator(memory.store(), [Counter]).blocking(backend) as orders:
        with pytest.raises(NotAccepted):
            orders.start(Counter, id="a").send(Open())
        with pytest.raises(InstanceUnknown):
            orders.get("nobody").snapshot()
        with pytest.raises(WaitTimeout):
            orders.get("a").result(timeout=0.01)


def test_many_threads_ask_one_orchestrator(place: Place) -> None:
    with Orchestrator(place.store(), [Counter]).blocking() as orders, ThreadPoolExecutor(8) as threads:
        counter = orders.start(Counter, id="a")
        list(threads.map(lambda _: counter.send(Add()), range(40)))
        assert counter.snapshot().context.n == 40


def test_a_typed_call_is_the_same_call(memory: Place) -> None:
    orchestrator = Orchestrator(memory.store(), [Counter])
    with orchestrator.blocking() as orders:
        counter = orders.call(orchestrator.start, Counter, Tally(n=1), id="a")
        assert orders.call(counter.send, Add(), key="once").seq == 2


def test_what_is_private_stays_so(memory: Place) -> None:
    with Orchestrator(memory.store(), [Counter]).blocking() as orders:
        with pytest.raises(AttributeError, match="no '_fleet'; only what is public"):
            _ = orders._fleet
        assert repr(orders.start(Counter, id="a")) == "<blocking <Counter 'a'>>"


class Asking:
    """A desk that asks the orchestrator whose call it serves."""

    def __init__(self, ask: Callable[[str], None]) -> None:
        self._ask = ask

    async def allow(self, what: str) -> bool:
        """Ask on the event loop."""
        self._ask(what)
        return True

    def ask(self, what: str) -> str:
        """Ask in a thread of its own."""
        self._ask(what)
        return what


def test_the_thread_of_the_event_loop_does_not_wait_for_itself(memory: Place) -> None:
    refused: list[Exception] = []

    def ask(what: str) -> None:
        try:
            doors[0].start(Counter, id=what)
        except HandlerMisuse as problem:
            refused.append(problem)

    doors: list[Blocking] = []
    with Orchestrator(memory.store(), [Caller, Counter], services={"desk": Asking(ask)}).blocking() as orders:
        doors.append(orders)
        orders.start(Caller, id="c").send(Add())
        assert ["'start' would wait on the thread of the event loop" in str(problem) for problem in refused] == [True]
        assert [found.id for found in orders.find(machine=Counter)] == ["note 1"]


def test_a_turn_does_not_wait_for_itself_through_the_door_either(memory: Place) -> None:
    def ask(what: str) -> None:
        if what.startswith("note"):
            doors[0].get("c").send(Stop())

    doors: list[Blocking] = []
    with Orchestrator(memory.store(), [Caller], services={"desk": Asking(ask)}).blocking() as orders:
        doors.append(orders)
        with pytest.raises(Exception, match="ReentrantSend"):
            orders.start(Caller, id="c").send(Add())


@BACKENDS
def test_leaving_tells_those_who_wait(memory: Place, backend: str) -> None:
    began = threading.Event()

    async def for_ever() -> None:
        began.set()
        await anyio.sleep_forever()

    with ThreadPoolExecutor(2) as threads:
        with Orchestrator(memory.store(), [Counter]).blocking(backend) as orders:
            counter = orders.start(Counter, id="a")
            waiting = [threads.submit(counter.result), threads.submit(orders.call, for_ever)]
            assert began.wait(SECONDS)
        for one in waiting:
            with pytest.raises(OrchestratorClosed):
                one.result(SECONDS)
    with pytest.raises(OrchestratorClosed, match="has been left; use it inside"):
        counter.send(Close())


def test_what_is_wrong_with_the_orchestrator_is_raised_on_entering(tmp_path: Path) -> None:
    with pytest.raises(StoreError), Orchestrator(SQLStore(tmp_path), [Counter]).blocking():
        pass


ENDING = """
import os, sys
from fsm import Orchestrator
from persistence import SQLStore
from tests.docs.blocks import ROOT
from tests.fsm.runtime.desk import Counter

door = Orchestrator(SQLStore(sys.argv[1]), [Counter]).blocking()
door.__enter__().start(Counter, id="a")
if child := os.fork():
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit(7)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the program forks")
def test_a_process_that_ends_leaves_first_and_its_forked_child_does_not(file: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDING, str(file.path)], capture_output=True, text=True, cwd=ROOT, timeout=30, check=True
    )
    assert done.stdout == "7\n"

    async def workers() -> list[Worker]:
        store = file.store()
        await store.open(owner=False)
        try:
            return await store.workers()
        finally:
            await store.close()

    assert anyio.run(workers) == []


def test_an_event_loop_that_cannot_be_made_is_told_on_entering(memory: Place) -> None:
    with pytest.raises(LookupError, match="twisted"), Orchestrator(memory.store(), [Counter]).blocking("twisted"):
        pass
