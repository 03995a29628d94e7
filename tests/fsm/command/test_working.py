"""The commands that do something: each says what it does, and works on one instance."""

from __future__ import annotations

import inspect

import pytest

from fsm.command import working

NAMES = {command.__name__: command for command in working.COMMANDS}


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_what_it_does_and_names_its_store(name: str) -> None:
    assert (NAMES[name].__doc__ or "").strip().endswith(".")
    assert "store" in inspect.signature(NAMES[name]).parameters


@pytest.mark.parametrize("name", ["cancel", "terminate", "retry", "skip", "rewind", "task"])
def test_what_an_operator_decides_is_said_with_name_and_reason(name: str) -> None:
    assert {"by", "reason"} <= set(inspect.signature(NAMES[name]).parameters)
