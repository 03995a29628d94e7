"""The worker of the demonstration: the process that is killed. Every life does the same: start all orders, and work.

Starting an order that exists is no error: the same id with the same data is the same instance.
"""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

import anyio

from fsm import Orchestrator
from fsm.demo.ledger import Ledger
from fsm.demo.order import Order
from fsm.demo.script import write_script
from fsm.demo.services import open_services
from persistence import open_store

READY = "ready"
"""What the worker prints when it works."""

PARENT_SECONDS = 0.5
"""How often the worker looks whether somebody still waits for it."""


async def work(url: str, ledger: Path, *, orders: int, seed: int, life: int) -> None:
    """One life: until SIGTERM, the kill, or the end of the demonstration that started it."""
    services = open_services(Ledger(ledger), life, seed)
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with Orchestrator(open_store(url), machines=[Order], services=services) as orchestrator:
            for plan in write_script(seed, orders, 0).orders:
                await orchestrator.start(Order, plan.data, id=plan.id)
            print(READY, flush=True)
            async with anyio.create_task_group() as group:
                group.start_soon(outlive_nobody, group.cancel_scope)
                async for _ in signals:
                    group.cancel_scope.cancel()


async def outlive_nobody(scope: anyio.CancelScope) -> None:
    """End when the process that started this one is gone."""
    parent = os.getppid()
    while True:
        await anyio.sleep(PARENT_SECONDS)
        if os.getppid() != parent:
            scope.cancel()
            return


def main() -> None:
    """`python -m fsm.demo.worker`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--life", type=int, required=True)
    given = parser.parse_args()
    anyio.run(lambda: work(given.store, given.ledger, orders=given.orders, seed=given.seed, life=given.life))


if __name__ == "__main__":
    main()
