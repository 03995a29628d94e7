"""The options that several commands share mean the same everywhere."""

from __future__ import annotations

import typer.main

from fsm.cli import application


def test_the_store_is_named_in_one_way() -> None:
    commands = typer.main.get_group(application()).commands.values()
    found = {(tuple(p.opts), p.envvar) for command in commands for p in command.params if p.name == "store"}
    assert found == {(("--store",), "FSM_STORE"), (("--store",), None)}, "only `check` and `draw` do not read FSM_STORE"
