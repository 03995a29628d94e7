"""The engine on Restate: what it refuses, and what it tells."""

from __future__ import annotations

import pytest
import trio

from fsm.engines import open_engine
from fsm.errors import EngineUnfit, EngineUnreachable, MachineUnknown
from tests.engines.asked import Asked
from tests.engines.hosts import Host
from tests.engines.shop import Shop

URL = "restate+http://127.0.0.1:9?view=memory://"
pytestmark = pytest.mark.anyio


def test_machines_and_options_that_it_cannot_have_are_refused_before_anything_begins() -> None:
    with pytest.raises(EngineUnfit) as refused:
        open_engine(URL, [Shop], schedules=[], lease_seconds=3)
    assert [problem.split()[0] for problem in refused.value.problems] == ["lease_seconds=", "schedules="]


async def test_what_it_has_not_got_says_so(host: Host) -> None:
    async with host.engine() as engine:
        with pytest.raises(EngineUnfit, match="schedules"):
            engine.schedules  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(EngineUnfit, match="rewound"):
            await engine.rewind("A", at=1, by="ann", reason="")  # type: ignore[attr-defined]
        with pytest.raises(EngineUnfit, match="forked"):
            await engine.fork("A", "B")  # type: ignore[attr-defined]
        with pytest.raises(MachineUnknown):
            await engine.start(Asked)


def test_it_runs_on_asyncio_only() -> None:
    async def enter() -> None:
        async with open_engine(URL):
            pass

    with pytest.raises(EngineUnfit, match="not on trio"):
        trio.run(enter)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineUnreachable, match="does not answer"):
        async with open_engine(URL + "&admin=http://127.0.0.1:9&listen=127.0.0.1:0"):
            pass
