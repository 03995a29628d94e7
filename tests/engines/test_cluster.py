"""Three nodes of Restate, each killed in turn under load: every event counts once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from fsm.engines import Engine, open_engine
from fsm.errors import EngineUnreachable
from tests.engines.hosts import restate_url
from tests.engines.shop import Bank, Ledger, Note, Shop
from tests.restate import Node, free_ports, running

pytestmark = [pytest.mark.anyio, pytest.mark.long]
INSTANCES, AT_LEAST = 8, 100


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[Node]]:
    """Three nodes that keep everything twice."""
    with running():  # whether there is a server here at all
        pass
    ports = free_ports(9)
    nodes = []
    peers = ",".join(f'"http://127.0.0.1:{ports[3 * n + 2]}"' for n in range(3))
    for n in range(3):
        ingress, admin, node = ports[3 * n : 3 * n + 3]
        more = {
            "RESTATE_CLUSTER_NAME": "laws",
            "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
            "RESTATE_METADATA_CLIENT__ADDRESSES": f"[{peers}]",
            "RESTATE_DEFAULT_REPLICATION": "2",
            "RESTATE_AUTO_PROVISION": "true" if n == 0 else "false",
        }
        folder = tmp_path / f"n{n + 1}"
        folder.mkdir()
        nodes.append(Node(folder, ingress, admin, node, f"n{n + 1}", more))
    try:
        for one in nodes:
            one.start()
        for one in nodes:
            one.wait()
        yield nodes
    finally:
        for one in nodes:
            one.kill()


async def test_every_event_counts_once_while_each_node_is_killed(cluster: list[Node], tmp_path: Path) -> None:
    listening = restate_url(cluster[0], tmp_path)
    async with AsyncExitStack() as stack:
        engines = []
        for node in cluster:
            url = re.sub(r"//127.0.0.1:\d+\?admin=http://127.0.0.1:\d+", _at(node), listening)
            url = url if node is cluster[0] else re.sub("&listen=[^&]*", "", url)
            engines.append(await stack.enter_async_context(open_engine(url, [Shop], {Bank: Ledger(tmp_path)})))
        for number in range(INSTANCES):
            await engines[0].start(Shop, id=f"S{number}")
        over, sent = anyio.Event(), [0] * INSTANCES
        async with anyio.create_task_group() as group:
            for number in range(INSTANCES):
                group.start_soon(_feed, engines, number, sent, over)
            for node in cluster:
                before = sum(sent)
                await anyio.sleep(1.0)
                node.kill()
                await anyio.sleep(3.0)
                node.start()
                await anyio.to_thread.run_sync(node.wait)
                with anyio.fail_after(60):
                    while sum(sent) < before + AT_LEAST:
                        await anyio.sleep(0.1)
            over.set()
        for number in range(INSTANCES):
            seen = (await engines[0].get(f"S{number}").snapshot()).context.seen
            assert seen == list(range(sent[number])), number
        print(f"{sum(sent)} events, each counted once")


async def _feed(engines: list[Engine], number: int, sent: list[int], over: anyio.Event) -> None:
    """Send one event after the other, each until it is known to be taken."""
    with anyio.fail_after(240):
        while not over.is_set():
            n = sent[number]
            for engine in [*engines[number % 3 :], *engines] * 100:
                try:
                    with anyio.fail_after(10):
                        await engine.get(f"S{number}").send(Note(n=n), key=f"{number}-{n}")
                    break
                except (EngineUnreachable, TimeoutError):
                    await anyio.sleep(0.2)
            else:
                raise AssertionError("nobody answers any more")
            sent[number] += 1


def _at(node: Node) -> str:
    return f"//127.0.0.1:{node.ingress}?admin=http://127.0.0.1:{node.admin}"
