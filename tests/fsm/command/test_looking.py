"""The commands that look: each says what it shows, and can say it as JSON."""

from __future__ import annotations

import inspect

import pytest

from fsm.command import looking

NAMES = {command.__name__.rstrip("_"): command for command in looking.COMMANDS}


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_what_it_shows_names_its_store_and_knows_json(name: str) -> None:
    assert (NAMES[name].__doc__ or "").strip().endswith(".")
    assert {"store", "as_json"} <= set(inspect.signature(NAMES[name]).parameters)
