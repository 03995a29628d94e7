"""The evidence: what store and ledger say at the end, brought together; and the picture of one order's path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fsm.command.drawn import drawing_of
from fsm.command.reading import journal_of
from fsm.demo.ledger import Run
from fsm.demo.order import Order
from fsm.demo.script import Script
from fsm.demo.verdict import Ended, Evidence
from fsm.errors import DrawingError, MissingExtra
from fsm.ports.store import CallRow, Record, Store
from visualize import render


async def gather(script: Script, store: Store, runs: list[Run], killed: frozenset[int]) -> Evidence:
    """Read everything that the verdict needs."""
    orders: dict[str, Ended] = {}
    after = ""
    while page := await store.find(after=after):
        for record in page:
            orders[record.id] = await ended_of(store, record)
        after = page[-1].id
    return Evidence(script.orders, orders, tuple(runs), killed)


async def ended_of(store: Store, record: Record) -> Ended:
    """What the store says of one order."""
    loaded = await store.load(record.id)
    entries = await journal_of(store, record.id)
    return Ended(
        status=record.status,
        configuration=tuple(json.loads(record.config)),
        context=json.loads(record.context),
        seq=record.seq,
        turns=tuple((e.seq, e.event) for e in entries),
        recorded=tuple((c.method, run_of(c)) for c in await store.calls_of(record.id)),
        waiting=len(loaded.inbox) if loaded else 0,
    )


def run_of(call: CallRow) -> str:
    """Which run of a call was recorded; its answer says so, a failure does in its data."""
    answer: dict[str, Any] = json.loads(call.answer)
    kept = answer["ok"] if "ok" in answer else answer["error"]["data"]
    return str((kept or {}).get("run", "unknown"))


async def paint(store: Store, url: str, id: str, out: Path) -> list[Path]:
    """The machine with the path of one order, as SVG and PNG; as text where no layout program works."""
    loaded = await store.load(id)
    if loaded is None:
        return []
    drawn = await drawing_of(Order, store, loaded.record, url)
    try:
        return [render(drawn, out / "order.svg"), render(drawn, out / "order.png")]
    except (DrawingError, MissingExtra):
        return [render(drawn, out / "order.mmd"), render(drawn, out / "order.txt")]
