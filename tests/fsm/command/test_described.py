"""Targets that are only looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.command.check import check
from fsm.command.described import all_described, described
from fsm.command.failure import Misuse

TEXT = """
name: Lamp
services: {grid: Grid}
states: [{name: Off, on_enter: note}, On]
transitions: [[press, Off, On, ready]]
"""


def test_a_document_stands_for_its_machine_and_needs_no_functions(tmp_path: Path) -> None:
    file = tmp_path / "lamp.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert described(str(file)).__chart__.name == "Lamp"
    assert [m.__chart__.name for m in all_described(str(file))] == ["Lamp"]
    assert described("fsm.demo.order:Order").__chart__.name == "Order"


def test_a_document_that_is_not_there_is_told() -> None:
    with pytest.raises(Misuse, match=r"no file none\.yaml"):
        described("none.yaml")


def test_check_names_the_events_and_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(TEXT, encoding="utf-8")
    bad.write_text(TEXT.replace("[press, Off, On", "[press, Of, Onn"), encoding="utf-8")
    assert check([str(good), str(bad)], as_json=False) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == ["Lamp is in order: 2 states, 1 transition, 0 invokes, 1 service; events: press"]
    assert "transitions[0].source: no state 'Of'; did you mean 'Off'?" in told.err
    assert "transitions[0].dest: no state 'Onn'; did you mean 'On'?" in told.err
