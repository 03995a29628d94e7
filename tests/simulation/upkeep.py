"""The upkeep of a file, killed before every statement: bringing its schema up to date, and deleting what has ended.

python -m tests.simulation.upkeep WHAT FOLDER       a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

from fsm import Orchestrator
from fsm.ports.retaining import Keep
from persistence import SQLStore
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import migrate
from tests.fsm.runtime.desk import Add, Counter, Stop
from tests.persistence.migrations.earlier import code_of
from tests.simulation.mortal import Life, Reaper, live

# ---- from the first version to the newest


def first_version(file: Path) -> None:
    """A file as the first version made it, with a row in every table."""
    connection = SQLite(file).connect(checkpoints=True)
    with closing(connection):
        with code_of(1):
            migrate(SQLiteSchema(connection, str(file)))
        for table in _tables(connection):
            columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
            values = [{"VARCHAR": "x", "BLOB": b"{}", "FLOAT": 1.5}.get(column[2], 1) for column in columns]
            connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(values))})", values)


async def migrated(folder: Path, reaper: Reaper) -> Any:
    """Open it."""
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    await store.open(owner=True)
    await store.close()
    return contents(folder / "fsm.db")


# ---- what has ended goes


def ended_instances(file: Path) -> None:
    """A file with instances that have ended, and one that goes on."""

    async def begin() -> None:
        async with Orchestrator(SQLStore(file, synchronous="NORMAL"), [Counter]) as orchestrator:
            for id in "abcde":
                counter = await orchestrator.start(Counter, id=id)
                await counter.send(Add(), key="k")
                if id != "e":
                    await counter.send(Stop())

    anyio.run(begin)


async def pruned(folder: Path, reaper: Reaper) -> Any:
    """Keep the one that ended last, and no key."""
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    await store.open(owner=False)
    while await store.prune("Counter", Keep(last=1, key_days=0.0), now=4e9, limit=2):
        pass
    await store.close()
    return contents(folder / "fsm.db")


def contents(file: Path) -> dict[str, Any]:
    """The schema and every row."""
    with closing(sqlite3.connect(file)) as connection:
        found: dict[str, Any] = {
            t: sorted(map(repr, connection.execute(f"SELECT * FROM {t}"))) for t in _tables(connection)
        }
        found["schema"] = sorted(sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master") if sql)
        found["version"] = connection.execute("PRAGMA user_version").fetchone()
        found["check"] = connection.execute("PRAGMA integrity_check").fetchone()
        return found


def _tables(connection: sqlite3.Connection) -> list[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    return [name for (name,) in connection.execute(names)]


KINDS = {"migrate": (first_version, migrated), "prune": (ended_instances, pruned)}


def main(what: str, folder: Path) -> None:
    """The undisturbed life, then one for each statement."""
    prepare, life = KINDS[what]
    prepare(folder / "prepared.db")
    (folder / "before").mkdir()
    shutil.copy(folder / "prepared.db", folder / "before" / "fsm.db")
    anyio.run(life, folder / "before", Reaper(None))  # what is loaded and compiled now need not be in every life
    counts = _lived(life, folder)
    for number in range(1, counts["statement"] + 1):
        _lived(life, folder, number)


def _lived(life: Life, folder: Path, number: int = 0) -> dict[str, int]:
    place = folder / str(number)
    place.mkdir()
    shutil.copy(folder / "prepared.db", place / "fsm.db")
    made = live(life, place, [("statement", number)] if number else [])
    print(json.dumps({"number": number, **asdict(made)}), flush=True)
    return made.counts


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
