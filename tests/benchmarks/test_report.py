"""The report and the command: table, JSON, verdict, exit codes."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

import benchmarks.__main__ as command
from benchmarks import report
from benchmarks.cases import Case, chosen, left_out
from benchmarks.figure import Figure, Gate, Outcome, Skipped, figure
from benchmarks.race import Effort

GOOD = figure("a good case", [2.0], gate=Gate(3.5, 2.5), sides={"ours": 2.0, "floor": 1.0})
BAD = figure("a bad case", [7.0], gate=Gate(3.5, 2.5))
FREE = figure("a case without a gate", [99.0])


def _cases(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> None:
    def measure(effort: Effort) -> list[Outcome]:
        return list(outcomes)

    monkeypatch.setattr("benchmarks.cases.CASES", (Case("a.case", measure), Case("a.peer", measure, False, True)))


def test_the_verdict_counts_the_gates_and_names_the_worst() -> None:
    said = report.verdict([GOOD, BAD, FREE])
    assert said == "1 of 2 gates hold; the worst is a bad case: 7 x, gate ≤ 3.5 (2.5)"
    assert report.verdict([FREE]) == "no gate was measured"


def test_the_table_shows_sides_gates_and_what_was_skipped() -> None:
    out = io.StringIO()
    report.show([GOOD, BAD, Skipped("a peer", "not here")], Console(file=out, width=200))
    text = out.getvalue()
    assert "ours 2 us, floor 1 us" in text
    assert "BROKEN" in text
    assert "skipped: a peer: not here" in text
    assert "python" in text


def test_gates_that_hold_end_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _cases(monkeypatch, GOOD, FREE)
    assert command.main(["--gates"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 of 1 gates hold; the worst is a good case")


def test_a_broken_gate_fails_the_gates_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _cases(monkeypatch, GOOD, BAD)
    assert command.main(["--gates"]) == 1
    assert command.main([]) == 0
    assert "skipped: a.peer" in capsys.readouterr().out


def test_json_has_figures_machine_and_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _cases(monkeypatch, BAD)
    assert command.main(["--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"][0]["value"] == 7.0
    assert told["figures"][0]["holds"] is False
    assert {"processor", "python", "sqlite"} <= told["machine"].keys()
    assert told["skipped"] == {"a.peer": "--peers installs and measures it"}


def test_no_case_of_that_name_is_a_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "nothing"]) == 2
    assert "--list" in capsys.readouterr().err


def test_peers_run_only_when_asked_for() -> None:
    assert not [case for case in chosen() if case.peer]
    assert [case for case in chosen(peers=True) if case.peer]
    assert {o.case for o in left_out()} == {case.name for case in chosen(peers=True) if case.peer}


def test_the_gates_are_short_and_measure_no_peer() -> None:
    assert all(case.short and not case.peer for case in chosen(short=True, peers=True))


def test_a_figure_goes_into_data_whole() -> None:
    data = GOOD.as_data()
    assert isinstance(GOOD, Figure)
    assert data["gate"] == {"bound": 3.5, "stretch": 2.5, "at_least": False}
