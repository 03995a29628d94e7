"""Schedules from the command line: declared by a worker, listed, paused and forgotten by anybody."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fsm.command.failure import Misuse
from fsm.command.schedules import next_text
from fsm.command.target import schedules_of
from fsm.ports.schedule import ScheduleRow
from persistence import SQLStore
from tests.fsm.command.lampshop import CODE
from tests.fsm.command.test_steer import fsm

pytestmark = pytest.mark.anyio

ROW = ScheduleRow("nightly", "0 2 * * * UTC", "start Lamp", next=4e9, last=86_400.0, said="started nightly@1970")
MORE = """
from fsm.schedule import Schedule
schedules = [Schedule("lamps", every="1s", start=Lamp, missed="all")]
one = schedules[0]
none = []
"""


async def declared(folder: Path) -> Path:
    store = SQLStore(folder / "fsm.db")
    await store.open(owner=True)
    await store.declare([ROW])
    await store.close()
    return folder / "fsm.db"


async def test_they_are_listed_for_people_and_programs(tmp_path: Path) -> None:
    path = await declared(tmp_path)
    code, said = await fsm("schedules", path=path)
    assert code == 0
    for text in ("nightly", "0 2 * * * UTC", "start Lamp", "2096-10-02", "1970-01-02T00:00:00", "started"):
        assert text in said.replace("\n", "")
    code, said = await fsm("schedules", "--json", path=path)
    assert json.loads(said) == [
        {
            "name": "nightly",
            "rhythm": "0 2 * * * UTC",
            "does": "start Lamp",
            "next": "2096-10-02T07:06:40.000Z",
            "last": "1970-01-02T00:00:00.000Z",
            "said": "started nightly@1970",
            "paused": False,
        }
    ]


async def test_one_is_paused_resumed_and_forgotten(tmp_path: Path) -> None:
    path = await declared(tmp_path)
    assert "paused" in (await fsm("schedules", "--pause", "nightly", path=path))[1]
    assert json.loads((await fsm("schedules", "--resume", "nightly", "--json", path=path))[1])[0]["paused"] is False
    assert await fsm("schedules", "--forget", "nightly", path=path) == (0, "no schedules\n")
    code, said = await fsm("schedules", "--pause", "nightly", path=path)
    assert code == 1
    assert "no schedule 'nightly'" in said


async def test_looking_writes_nothing(tmp_path: Path) -> None:
    path = await declared(tmp_path)
    await fsm("schedules", path=path)
    store = SQLStore(path)
    await store.open(owner=False)
    assert await store.schedules() == [ROW]
    await store.close()


def test_one_that_nobody_fires_is_overdue() -> None:
    row = ScheduleRow("a", "every 1m", "start A", next=60.0)
    assert next_text(row, 61.0) == "1970-01-01T00:01:00.000Z"
    assert next_text(row, 121.0).endswith("(overdue)")
    assert next_text(ScheduleRow("a", "every 1m", "start A", next=60.0, paused=1), 121.0) == "paused"


def test_a_target_names_one_schedule_or_a_list(tmp_path: Path) -> None:
    file = tmp_path / "lamps_by_the_clock.py"
    file.write_text(CODE + MORE, encoding="utf-8")
    assert [one.name for one in schedules_of(str(file))] == ["lamps"]
    assert [one.name for one in schedules_of(f"{file}:one")] == ["lamps"]
    for name in ("none", "Lamp"):
        with pytest.raises(Misuse, match="is no list of schedules"):
            schedules_of(f"{file}:{name}")


def test_a_worker_declares_and_fires_them(tmp_path: Path) -> None:
    file = tmp_path / "lamp.py"
    file.write_text(CODE + MORE, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'lamps.db'}"
    command = [sys.executable, "-m", "fsm", "run", f"{file}:Lamp", "--schedules", str(file), "--store", url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("2 running"):
                    break
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
