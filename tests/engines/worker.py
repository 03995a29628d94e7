"""A process that runs the shop until it is killed: `python -m tests.engines.worker URL FOLDER SLOW [SCRIPT…]`.

A script is what it does itself: `start:ID`, `pay:ID`, `twice:ID`, `fetch:ID`, `rest:ID`; then it says `ready`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from fsm.engines import open_engine
from tests.engines.hosts import lease
from tests.engines.shop import Bank, Fetch, Ledger, Pay, Rest, Shop


async def main(url: str, folder: Path, slow: float, script: list[str]) -> None:
    """Run."""
    async with open_engine(url, [Shop], {Bank: Ledger(folder, slow)}, **lease(url)) as engine:
        for line in script:
            verb, _, id = line.partition(":")
            if verb == "start":
                await engine.start(Shop, id=id)
                continue
            events = {"pay": Pay(amount=5), "twice": Pay(amount=5, twice=True), "fetch": Fetch(), "rest": Rest()}
            await engine.get(id).send(events[verb], key=f"{verb}-{id}", wait="accepted")
        (folder / "ready").write_text("ready")
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
