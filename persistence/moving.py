"""Moving: every row of one database into another, empty one, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from fsm.errors import StoreError, StoreUnsuitable
from persistence import rows
from persistence.statements import SCHEMA
from persistence.url import StoreUrl, parse

CHUNK: Final = 1_000
_OF_WORKERS: Final = frozenset({"worker", "ready"})
"""Tables that say who runs what."""


def copy(source: str, target: str, *, claims: bool = True, without: Collection[str] = ()) -> int:
    """Copy what one store keeps into another that has been opened and is empty; how many instances.

    `claims=False` leaves out who runs what, `without` definitions of these names. Nobody may work on either. Raises
    StoreUnsuitable where the target has instances, StoreError; then the target is as before.
    """
    tables = [t for name, t in rows.metadata().tables.items() if name != "meta" and (claims or name not in _OF_WORKERS)]
    try:
        with _engine(source).connect() as there, _engine(target).begin() as here:
            instance = rows.table(rows.Instance)
            if here.execute(select(instance.c.id).limit(1)).first() is not None:
                raise StoreUnsuitable(f"{_shown(target)} has instances already; move into an empty store")
            for table in tables:
                _copy(there, here, table, without)
            return int(here.execute(select(func.count()).select_from(instance)).scalar_one())
    except SQLAlchemyError as problem:
        raise StoreError(f"moving {_shown(source)} to {_shown(target)}: {problem}. Nothing was written.") from problem


def check(source: str, target: str) -> None:
    """Look whether there is a source and another target. Raises StoreUrlInvalid, StoreUnsuitable."""
    here, there = parse(source), parse(target)
    for url, named in ((source, here), (target, there)):
        if named.server is None and named.path is None:
            raise StoreUnsuitable(f"{url} lives inside one process: there is nothing that could be moved")
    if here.path is not None and not Path(here.path).is_file():
        raise StoreUnsuitable(
            f"no store at {Path(here.path).absolute()}; correct {source}: three slashes and a relative path, or four"
            f" and an absolute one"
        )
    if _place(here) == _place(there):
        raise StoreUnsuitable(f"{_shown(source)} and {_shown(target)} are the same store; name an empty one")


def _place(named: StoreUrl) -> Path | str:
    return Path(named.path).resolve() if named.path is not None else str(named.server).partition("?")[0]


def _copy(there: Connection, here: Connection, table: Table, without: Collection[str]) -> None:
    question, anew = select(table), table.delete()
    if table.name == "definition" and without:
        others = table.c.machine.not_in(without)
        question, anew = question.where(others), anew.where(others)
    here.execute(anew)
    found = there.execution_options(yield_per=CHUNK).execute(question)
    for some in found.mappings().partitions(CHUNK):
        here.execute(table.insert(), [dict(row) for row in some])
    if here.dialect.name == "postgresql":
        for column in table.primary_key.columns:
            _number_on(here, table, column.name)


def _number_on(here: Connection, table: Table, column: str) -> None:
    """What the database numbers goes on behind what was copied."""
    place = {"place": f"{SCHEMA}.{table.name}", "name": column}
    sequence: Any = here.execute(text("SELECT pg_get_serial_sequence(:place, :name)"), place).scalar()
    if sequence is not None:
        highest = here.execute(select(func.max(table.c[column]))).scalar()
        if highest is not None:
            here.execute(text("SELECT setval(CAST(:sequence AS regclass), :to)"), {"sequence": sequence, "to": highest})


def _engine(url: str) -> Engine:
    """An engine for a URL. Raises StoreUrlInvalid, StoreUnsuitable."""
    named = parse(url)
    if named.server is not None:
        engine = create_engine(named.server.replace("postgresql://", "postgresql+psycopg://", 1))
        return engine.execution_options(schema_translate_map={None: SCHEMA})
    if named.path is None:
        raise StoreUnsuitable(f"{url} lives inside one process: there is nothing that could be moved")
    return create_engine(f"sqlite:///{named.path}")


def _shown(url: str) -> str:
    """A URL without who signs in.

    >>> _shown("postgresql://ann:secret@db/orders")
    'postgresql://db/orders'
    """
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rsplit('@', 1)[-1]}"
