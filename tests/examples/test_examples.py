"""The gallery: every example runs as a script, and prints what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "examples"
KEY = "      key A-1:invoke:charge#1:payments.charge:52b6d8ea0f580436:0"

PRINTED = (
    (
        "01_light.py",
        (
            "at first      Off",
            "pressed       On.Bright",
            "after 55 s    On.Dim",
            "5 s later     Off (was on 1×)",
            "broken        Light 'rehearsal': no edge for 'Press' in {Broken}.",
            "└─ ● Broken",
        ),
    ),
    (
        "02_kill_and_resume.py",
        (
            "bank: charging 30, attempt 1",
            KEY,
            "the first worker was killed",
            "bank: charging 30, attempt 2",
            KEY,
            "30 paid, receipt R-7",
            "the second worker ended with code 0",
        ),
    ),
    (
        "03_regions_and_history.py",
        (
            "power        Playing.Sound.News, Playing.Volume.Low",
            "loud jazz    Playing.Sound.Jazz, Playing.Volume.High",
            "telephone    Waiting",
            "hung up      Playing.Sound.Jazz, Playing.Volume.High",
            "restored     Playing.Sound.Jazz, Playing.Volume.High",
            "worn out     Scrap",
            "done: True",
        ),
    ),
    (
        "04_from_a_script.py",
        (
            "script",
            "  seat 12A, room 7",
            "machine",
            "  seat 12A, room 7",
            "script",
            "  no trip: the hotel is full",
            "machine",
            "  seat 12A is free again",
            "  no trip: the hotel is full",
        ),
    ),
    (
        "05_timers_and_events.py",
        (
            "Ada:  2 plates, 0 reminders - the same turn: True",
            "Ben:  Open.Reminded",
            "Ben:  1 plates, 1 reminders",
            "Cleo: no plate, 1 reminders",
            "Cleo: Invitation 'Cleo' is done and takes no more events",
        ),
    ),
    (
        "06_transitions_made_durable.py",
        (
            "at first          asleep",
            "distress_call     saving the world",
            "  3 kittens in the journal",
            "the first worker was killed",
            "at first          saving the world",
            "  3 kittens in the journal",
            "complete_mission  sweaty",
            "rescued: 3",
            "the second worker ended with code 0",
        ),
    ),
    (
        "07_chart_from_data.py",
        (
            "submitted  Open.Team",
            "the designer was killed",
            "escalated  Open.Boss",
            "approved   {'paid': 120.5, 'notes': ['the boss was asked']}",
            "the stranger ended with code 0",
        ),
    ),
    (
        "08_decision_table.py",
        (
            "refused: 08_decision_table.py:45: rule 3 (score >= 600, country = 'IT') and 08_decision_table.py:46:",
            "refused: no rule for score >= 300 and <= 599, employed = False, such as score=300, employed=False",
            "refused: no rule for score = 600, country = 'DE' or = 'FR', such as score=600, employed=False",
            "Ada   Granted {'output': 'good',",
            "Ben   Review {'output': 'fair',",
            "Cleo  Refused {'output': 'poor',",
            "| 5 | >= 600 |  | != 'IT' | Grade.GOOD |",
        ),
    ),
    (
        "09_policies.py",
        (
            "  bank is asked for 80, attempt 1",
            "  bank is asked for 40, attempt 2",
            "the second worker",
            "  bank is asked for 40, attempt 3",
            "  bank is asked for 20, attempt 4",
            "  Reserve is asked for 80, attempt 5",
            "  gift-7 is redeemed",
            "the third worker",
            "  Unknown: bank.redeem was cut short",
            "  2 bank.charge {'amount': 40} Retryable: adjusted, begun 2×",
            "  4 Reserve.charge {'amount': 80} Retryable: fallback, begun 1×",
            "  1 bank.redeem {'card': 'gift-7'} -, begun 1×",
        ),
    ),
    (
        "10_order.py",
        (
            "  reserve the sofa",
            "  charge 900",
            "  release the sofa",
            "Carla reads: A-2 could not be paid back by the bank: return 900 by hand",
            "A-1: delivered",
            "A-2: the door is too narrow, 900 returned by transfer",
        ),
    ),
    (
        "11_loan.py",
        (
            "  pay 900 to Ada",
            "L-1: Ada is Granted, signed by nobody",
            "ann reads: 4000 for Ben, signed by nobody: can it be paid back?",
            "ann reads: 4000 for Ben, signed by nobody: is it honest?",
            "bob reads: 4000 for Ben, signed by ann: is it honest?",
            "  pay 4000 to Ben",
            "L-2: Ben is Granted, signed by ann and bob",
            "  warn everybody about Cleo",
            "eve reads: 8000 for Cleo: nobody has looked at it in time",
            "L-3: Cleo is Refused, signed by nobody",
        ),
    ),
    (
        "12_documents.py",
        (
            "  25 read",
            "  175 read",
            "  page-10 again, at 600 dpi",
            "  page-200 again, at 600 dpi",
            "  file 19800 words",
            "D-1: 19800 words are filed; unreadable: page-100, page-200",
        ),
    ),
    (
        "13_agent.py",
        (
            "  model: look_up invoice of Maier",
            "  tool:  look_up invoice of Meyer",
            "sue reads: settle the invoice: the agent wants to pay 2400 to Meyer - no",
            "sue reads: settle the invoice: the agent wants to pay 240 to Meyer - yes",
            "  tool:  pay 240 to Meyer",
            "T-1: Meyer has got 240",
            "T-2: given up, having seen ['failed: there is no invoice of Maier']",
        ),
    ),
)


@pytest.mark.parametrize(("name", "lines"), PRINTED, ids=[name for name, _ in PRINTED])
def test_an_example_prints_its_story(name: str, lines: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(GALLERY / name)],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    printed = iter(done.stdout.splitlines())
    for line in lines:
        assert any(found.startswith(line) for found in printed), f"{line!r} is missing, or too early, in\n{done.stdout}"


def test_every_example_is_checked() -> None:
    assert sorted(p.name for p in GALLERY.glob("*.py")) == [name for name, _ in PRINTED]


def test_examples_stay_small() -> None:
    """Those with one idea, and those of a company, which have several; blank lines are the formatter's."""
    sizes = {p.name: sum(bool(line.strip()) for line in p.read_text().splitlines()) for p in GALLERY.glob("*.py")}
    assert not {name: size for name, size in sizes.items() if size > (100 if name < "10" else 170)}
