"""DBOS: workflows killed between their two steps go on in a new process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from time import perf_counter
from typing import Any

from dbos import DBOS  # type: ignore[import-not-found]

from benchmarks.plain import as_data

_GROUP = 100


def _workflow(path: str, *, hangs: bool) -> Any:
    url = f"sqlite:///{path}"
    config = {"name": "bench", "system_database_url": url, "log_level": "ERROR", "application_version": "1"}
    DBOS(config={**config, "run_admin_server": False})

    @DBOS.step()  # type: ignore[untyped-decorator]
    async def first(n: int) -> dict[str, Any]:
        return as_data(n)

    @DBOS.step()  # type: ignore[untyped-decorator]
    async def second(n: int) -> dict[str, Any]:
        return as_data(n)

    @DBOS.workflow()  # type: ignore[untyped-decorator]
    async def walk(n: int) -> int:
        await first(n)
        if hangs:
            await asyncio.Event().wait()
        await second(n)
        return n

    return walk


def _count(path: str, query: str) -> int:
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        found: int = connection.execute(query).fetchone()[0]
        return found


async def _fill(path: str, count: int, walk: Any) -> None:
    for first in range(0, count, _GROUP):
        for number in range(first, min(first + _GROUP, count)):
            await DBOS.start_workflow_async(walk, number)
        due = min(first + _GROUP, count)
        while _count(path, "SELECT count(*) FROM operation_outputs") < due:  # noqa: ASYNC110 - only the file tells
            await asyncio.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """`fill PATH COUNT` ends by SIGKILL; `go-on PATH COUNT` says how long it took."""
    verb, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if verb == "fill":
        walk = _workflow(path, hangs=True)
        DBOS.launch()
        asyncio.run(_fill(path, count, walk))
    _workflow(path, hangs=False)
    begun = perf_counter()
    DBOS.launch()
    while _count(path, "SELECT count(*) FROM workflow_status WHERE status = 'SUCCESS'") < count:
        time.sleep(0.05)
    print(json.dumps({"seconds": perf_counter() - begun}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
