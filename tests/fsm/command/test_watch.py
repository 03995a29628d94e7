"""`fsm watch` and `fsm draw --watch`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fsm.command.drawn import Wish
from fsm.command.reading import loaded_of, reading
from fsm.command.watch import view, watch
from tests.fsm.command.lampshop import lived, written

WAIT_SECONDS = 60


@pytest.mark.anyio
async def test_without_a_terminal_there_is_a_line_for_each_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = await lived(tmp_path, "Press", "Break")
    await watch(url, "L-1", target=None, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[2:] for line in lines] == [
        ["start", "-", "Lit.Low"], ["Press", "press", "Lit.High"], ["Break", "smash", "Broken"],
    ]  # fmt: skip


@pytest.mark.anyio
async def test_json_is_one_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = await lived(tmp_path, "Break")
    await watch(url, "L-1", target=None, as_json=True)
    turns = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [t["event"] for t in turns] == ["start", "Break"]


@pytest.mark.anyio
async def test_a_terminal_shows_the_instance_its_states_and_its_latest_turns(tmp_path: Path) -> None:
    url = await lived(tmp_path, "Press")
    async with reading(url) as store:
        loaded = await loaded_of(store, url, "L-1")
        shown = list(await store.history("L-1", -1, 10))
    out = StringIO()
    Console(file=out, width=120).print(view(loaded, shown, "Lamp\n└─ ● Lit\n   └─ ● High"))
    said = out.getvalue()
    assert "status     running" in said
    assert "● High" in said
    assert "press" in said


def test_an_instance_is_followed_until_it_ends(tmp_path: Path) -> None:
    """In another process, while this one writes on."""
    import anyio

    url = anyio.run(lived, tmp_path, "Press")
    command = [sys.executable, "-m", "fsm", "watch", "L-1", "--store", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = [watching.stdout.readline() for _ in range(2)]
        assert "Lit.High" in first[1]
        anyio.run(lived, tmp_path, "Break")
        rest = watching.communicate(timeout=WAIT_SECONDS)[0]
    assert "Broken" in rest
    assert watching.returncode == 0


def test_a_picture_is_drawn_again_when_the_code_changes(tmp_path: Path) -> None:
    file, out = written(tmp_path), tmp_path / "lamp.txt"
    command = [sys.executable, "-m", "fsm", "draw", f"{file}:Lamp", "-o", str(out), "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        try:
            _until(lambda: out.exists() and "High" in out.read_text(encoding="utf-8"))
            file.write_text(file.read_text(encoding="utf-8").replace("High", "Bright"), encoding="utf-8")
            _until(lambda: "Bright" in out.read_text(encoding="utf-8"))
            assert watching.poll() is None
        finally:
            watching.kill()


def test_what_cannot_be_drawn_is_refused_at_once(tmp_path: Path) -> None:
    import anyio

    from fsm.command.failure import Misuse
    from fsm.command.watch import redraw

    with pytest.raises(Misuse, match=r"'\.gif'"):
        anyio.run(redraw, Wish("lamp.py:Lamp", tmp_path / "x.gif"))


def _until(done: object) -> None:
    assert callable(done)
    end = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
