"""`fsm watch` and `fsm draw --watch`: what is looked at again and again, until it ends or Ctrl-C."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fsm.command import screen
from fsm.command.described import described
from fsm.command.drawn import Wish, drawing_of, steps_of
from fsm.command.look import entry_data, instance_lines, states_text
from fsm.command.reading import loaded_of, reading
from fsm.command.target import MachineClass
from fsm.ports.store import Entry, Loaded, Status, Store
from visualize import to_text

POLL_SECONDS = 0.4
TURNS_SHOWN = 12
WATCHED = (".py", ".json", ".yaml", ".yml", ".toml", ".scxml")
FLOWS_SECONDS = 10
"""How often all instances are counted again."""


async def watch(url: str, id: str, *, target: str | None, as_json: bool) -> None:
    """Show an instance as it moves, until it has ended: in place on a terminal, else one line for each turn."""
    machine = described(target) if target else None
    async with reading(url) as store:
        if as_json or not sys.stdout.isatty():
            await _lines(store, url, id, as_json=as_json)
        else:
            await _live(store, url, id, machine)


async def _lines(store: Store, url: str, id: str, *, as_json: bool) -> None:
    seen = -1
    while True:
        loaded = await loaded_of(store, url, id)  # before the journal: what is read after it can only be newer
        for entry in await _news(store, id, seen):
            seen = entry.seq
            print(json.dumps(entry_data(entry, [])) if as_json else _turn_text(entry), flush=True)
        if _ended(loaded):
            return
        await anyio.sleep(POLL_SECONDS)


async def _live(store: Store, url: str, id: str, machine: MachineClass | None) -> None:
    shown: list[Entry] = []
    with Live(console=screen.console(), auto_refresh=False, transient=False) as live:
        while True:
            loaded = await loaded_of(store, url, id)
            shown = [*shown, *await _news(store, id, shown[-1].seq if shown else -1)][-TURNS_SHOWN:]
            tree = to_text(await drawing_of(machine, store, loaded.record, url), transitions=False) if machine else ""
            live.update(view(loaded, shown, tree), refresh=True)
            if _ended(loaded):
                return
            await anyio.sleep(POLL_SECONDS)


def view(loaded: Loaded, shown: list[Entry], tree: str) -> Group:
    """What the terminal shows: the instance, its states, its latest turns."""
    turns = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("SEQ", "AT", "EVENT", "TRANSITIONS", "STATES"):
        turns.add_column(column, overflow="fold")
    for entry in shown:
        names = ", ".join(name for step in steps_of(entry) for name in step.transitions) or "-"
        turns.add_row(str(entry.seq), screen.ago(entry.at), Text(entry.event), Text(names), states_text(entry.config))
    lines = [Text(line) for line in instance_lines(loaded)]
    lines[1] = Text.assemble("status     ", screen.colored(loaded.record.status))
    states = [Text(""), *(_state(line) for line in tree.splitlines())] if tree else []
    return Group(*lines, *states, Text(""), turns)


def _state(line: str) -> Text:
    """A line of the tree; what is active or failed stands out by its mark and by its colour."""
    style = "bold cyan" if "● " in line else "bold red" if "! " in line else "dim" if "√ " in line else ""
    return Text(line, style=style)


def _turn_text(entry: Entry) -> str:
    names = ", ".join(name for step in steps_of(entry) for name in step.transitions) or "-"
    return f"{screen.moment(entry.at)}  {entry.seq}  {entry.event}  {names}  {states_text(entry.config)}"


async def _news(store: Store, id: str, after: int) -> list[Entry]:
    found: list[Entry] = []
    while page := list(await store.history(id, found[-1].seq if found else after, 1_000)):
        found += page
    return found


def _ended(loaded: Loaded) -> bool:
    return Status(loaded.record.status).ended


async def redraw(wish: Wish) -> None:
    """Draw again whenever the file of the machine, its neighbours or the instance change; each time in a new process,
    so that the code that is drawn is the code that is there."""
    wish.check()
    seen: object = None
    while True:
        mark = await _mark(wish)
        if mark != seen:
            seen = mark
            began = time.perf_counter()
            done = await anyio.run_process(_command(wish), check=False, stdout=None, stderr=None)
            if not done.returncode:
                print(f"drawn in {time.perf_counter() - began:.1f} s; waiting for changes, Ctrl-C ends", flush=True)
        await anyio.sleep(POLL_SECONDS)


async def _mark(wish: Wish) -> Any:
    """What changes when the picture may have changed."""
    place = Path(wish.target.rpartition(":")[0] or wish.target)
    folder = place.parent if place.suffix else Path.cwd()
    files = sorted((str(file), file.stat().st_mtime_ns) for file in folder.glob("*.*") if file.suffix in WATCHED)
    if wish.url is None:
        return files
    async with reading(wish.url) as store:
        if wish.id is None:
            return files, time.monotonic() // FLOWS_SECONDS
        record = (await loaded_of(store, wish.url, wish.id)).record
        return files, record.seq, record.status


def _command(wish: Wish) -> list[str]:
    words = [sys.executable, "-m", "fsm", "draw", wish.target, "-o", str(wish.out)]
    words += ["--theme", wish.theme, "--direction", wish.direction, "--source", wish.source]
    words += [word for id in wish.collapse for word in ("--collapse", id)]
    for option, value in (("--focus", wish.focus), ("--store", wish.url), ("--id", wish.id)):
        words += [option, value] if value is not None else []
    return words + ["--flows"] * wish.flows + ["--timeline"] * wish.timeline
