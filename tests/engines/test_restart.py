"""Restate itself dies and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from fsm.errors import EngineUnreachable
from tests.engines.hosts import Host, restate_url, until
from tests.engines.shop import Note, Pay, Shop
from tests.restate import Node, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def mortal() -> Iterator[Node]:
    """A server of its own."""
    with running() as node:
        yield node


async def test_a_server_that_dies_inside_a_call_goes_on_where_it_was(mortal: Node, tmp_path: Path) -> None:
    host = Host("restate", restate_url(mortal, tmp_path), tmp_path, slow=0.3)
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Note(n=1))
        await shop.send(Pay(amount=5), key="p", wait="accepted")
        await until(lambda: host.ledger.lines("ship begins"))
        mortal.kill()
        with pytest.raises(EngineUnreachable):
            await shop.send(Note(n=2), key="two")
        mortal.start()  # with what it had written
        await anyio.to_thread.run_sync(mortal.wait)
        await shop.send(Note(n=2), key="two")
        context = (await shop.snapshot()).context
    assert (context.seen, context.paid) == ([1, 2], ["charged 5", "shipped 5"])
    assert [len(host.ledger.lines(verb)) for verb in ("trusts", "charge")] == [1, 1]
    assert len({line["key"] for line in host.ledger.lines("ship ends")}) == 1
