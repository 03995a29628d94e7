"""`fsm schedules`: what starts and is sent by the clock, when it is due next, and what came of it last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsm.command import screen
from fsm.command.failure import Failure
from fsm.command.reading import reading
from fsm.ports.schedule import ScheduleRow
from fsm.ports.store import Store

OVERDUE_SECONDS = 60.0
"""What is later than this has no worker that declares it, or it cannot be done; the log of the workers tells."""


async def schedules(url: str, wishes: Mapping[str, str], *, as_json: bool) -> None:
    """Do what is wished with those that are named, then list all. Raises Failure."""
    async with reading(url) as store:
        for verb, name in wishes.items():
            if not await _done(store, verb, name):
                raise Failure(
                    f"no schedule {name!r}", where=url, fix="`fsm schedules` lists those that a worker has declared"
                )
        found, now = await store.schedules(), await store.now()
    if as_json:
        screen.emit([schedule_data(row) for row in found])
    elif not found:
        print("no schedules")
    else:
        screen.table(
            ("NAME", "RHYTHM", "DOES", "NEXT", "LAST", "WHAT CAME OF IT"),
            [
                (row.name, row.rhythm, row.does, next_text(row, now), screen.moment(row.last) or "-", row.said or "-")
                for row in found
            ],
        )


async def _done(store: Store, verb: str, name: str) -> bool:
    if verb == "forget":
        return await store.forget_schedule(name)
    return await store.pause_schedule(name, paused=verb == "pause")


def next_text(row: ScheduleRow, now: float) -> str:
    """When it is due; one that nobody fires in time is overdue.

    >>> next_text(ScheduleRow("a", "every 1m", "start A", next=60.0), 200.0)
    '1970-01-01T00:01:00.000Z (overdue)'
    """
    due = str(screen.moment(row.next))
    if row.paused:
        return "paused"
    return f"{due} (overdue)" if row.next < now - OVERDUE_SECONDS else due


def schedule_data(row: ScheduleRow) -> dict[str, Any]:
    """A schedule as JSON."""
    return {
        "name": row.name,
        "rhythm": row.rhythm,
        "does": row.does,
        "next": screen.moment(row.next),
        "last": screen.moment(row.last),
        "said": row.said,
        "paused": bool(row.paused),
    }
