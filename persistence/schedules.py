"""Schedules in a SQL database: declared, paused, and moved on by the commit that does what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy import bindparam, case, literal_column, select, update

from fsm.ports.schedule import ScheduleRow
from persistence import rows
from persistence.databases.link import Link
from persistence.statements import Statement, merging

_SCHEDULE: Final = rows.table(rows.Schedule)
_NAMES: Final = tuple(f.name for f in fields(ScheduleRow))
_NAMED: Final = _SCHEDULE.c.name == bindparam("name")

FIRE: Final = (
    update(_SCHEDULE)
    .values({name: bindparam(name) for name in ("next", "last", "said")})
    .where(
        _NAMED,
        _SCHEDULE.c.rhythm == bindparam("rhythm"),
        _SCHEDULE.c.next == bindparam("seen"),
        _SCHEDULE.c.paused == literal_column("0"),
    )
)
"""The compare-and-set of a firing; its parameters are the fields of `Firing`."""


def _declare(insert: Any) -> Any:
    new = insert.excluded
    due = case((_SCHEDULE.c.rhythm == new.rhythm, _SCHEDULE.c.next), else_=new.next)
    return insert.values({name: bindparam(name) for name in _NAMES}).on_conflict_do_update(
        index_elements=["name"], set_={"rhythm": new.rhythm, "does": new.does, "next": due}
    )


_DECLARE: Final = merging(_SCHEDULE, _declare)
_ALL: Final = Statement(select(*(_SCHEDULE.c[name] for name in _NAMES)).order_by(_SCHEDULE.c.name))
_PAUSE: Final = Statement(
    update(_SCHEDULE).values(paused=bindparam("paused")).where(_NAMED).returning(literal_column("1"))
)
_FORGET: Final = Statement(_SCHEDULE.delete().where(_NAMED).returning(literal_column("1")))


def declare(link: Link, declared: Sequence[ScheduleRow]) -> None:
    """Keep schedules; one that is known goes on where it stands, unless its rhythm is another."""
    with link.transaction() as execute:
        for row in sorted(declared, key=lambda row: row.name):
            execute(_DECLARE, asdict(row))


def schedules(link: Link) -> list[ScheduleRow]:
    """All of them, in order of name."""
    return [ScheduleRow(*row) for row in link.ask((_ALL, {}))[0]]


def pause(link: Link, name: str, paused: bool) -> bool:
    """Let one rest, or go on; whether there is one."""
    with link.transaction() as execute:
        return bool(execute(_PAUSE, {"name": name, "paused": int(paused)}))


def forget(link: Link, name: str) -> bool:
    """Delete one; whether there was one."""
    with link.transaction() as execute:
        return bool(execute(_FORGET, {"name": name}))
