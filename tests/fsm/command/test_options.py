"""Options that several commands have are the same everywhere."""

from __future__ import annotations

import typer.main

from fsm.cli import application
from fsm.command import options


def test_a_store_is_named_in_one_way_by_every_command_that_has_one() -> None:
    commands = typer.main.get_group(application()).commands
    stores = {name: p for name, command in commands.items() for p in command.params if p.name == "store"}
    assert len(stores) > 10
    assert {tuple(p.opts) for p in stores.values()} == {("--store",)}
    assert {name for name, p in stores.items() if p.envvar != "FSM_STORE"} == {"check", "draw"}


def test_every_name_says_whether_it_is_an_option_or_an_argument() -> None:
    named = [name for name in vars(options) if name[0].isupper() and name not in ("Annotated", "Path")]
    assert all(name.endswith(("Option", "Argument", "Arguments")) for name in named)
