"""A turn that kills its worker is not tried for ever, and nobody who stood beside it is blamed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import anyio
import pytest

from fsm import Orchestrator
from fsm.limits import DEATHS_MAX
from persistence import open_store
from tests.persistence.conftest import postgres, postgres_server
from tests.simulation import looping
from tests.simulation.looping import BESIDE, Job, Library, Native

__all__ = ["postgres", "postgres_server"]


def life(url: str, *, first: bool = False) -> int:
    """One life of a worker in a process of its own: how it ended."""
    child = os.fork()
    if child == 0:
        try:
            anyio.run(lambda: looping.live(url, first=first))
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def look(url: str) -> None:
    """What is left, and that it can be mended."""
    async with Orchestrator(open_store(url), [Job], services={Native: Library(first=False)}) as orchestrator:
        (incident,) = await orchestrator.incidents()
        assert (incident.instance, incident.kind, incident.event) == ("bad", "crash_loop", "Go")
        assert f"{DEATHS_MAX} workers died in this turn of Job 'bad'" in incident.message
        for id in BESIDE:
            assert (await orchestrator.get(id, Job).snapshot()).status == "done"
        bad = orchestrator.get("bad", Job)
        assert (await bad.snapshot()).context.n == 1
        await orchestrator.retry("bad", by="ann", change={"what": "harmless"})
        await bad.result()
        assert [entry.event for entry in await bad.history()] == ["start", "Count", "retry", "Go"]


def loops(url: str) -> None:
    """Live until a life ends well, and look at what is left."""
    deaths = [life(url, first=True)]
    while (ended := life(url)) != 0 and len(deaths) <= DEATHS_MAX:
        deaths.append(ended)
    assert (ended, deaths) == (0, [-signal.SIGKILL] * DEATHS_MAX)
    anyio.run(look, url)


def test_in_sqlite_an_instance_whose_turn_kills_is_parked_and_the_others_go_on(tmp_path: Path) -> None:
    loops(f"sqlite:///{tmp_path / 'fsm.db'}")


@pytest.mark.long
def test_in_postgresql_an_instance_whose_turn_kills_is_parked_and_the_others_go_on(postgres: str) -> None:
    loops(postgres)
