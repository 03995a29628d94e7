"""The company examples are killed, truly, again and again: they end as if nothing had happened, each effect once."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "examples"

LIVES = (
    ("10_order.py", ("  charge 900", "  release", "Carla reads")),
    ("11_loan.py", ("ann reads", "bob reads", "  warn")),
    ("12_documents.py", ("  75 read", "  25 read", "  page-50 again")),
    ("13_agent.py", ("  tool:  look_up", "sue reads", "  tool:  pay")),
)
"""When each life of a program is killed: right after it has printed this. The last life may end."""


@pytest.mark.parametrize(("name", "moments"), LIVES, ids=[name for name, _ in LIVES])
def test_a_program_that_is_killed_ends_as_if_it_had_not_been(
    name: str, moments: tuple[str, ...], tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    undisturbed = begin(name, whole)
    for moment in moments:
        kill(begin(name, killed), moment)
    assert results(ended(begin(name, killed))) == results(ended(undisturbed))
    assert effects(killed) == effects(whole)


def begin(name: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(GALLERY / name), str(folder)], stdout=subprocess.PIPE, text=True)


def kill(life: subprocess.Popen[str], moment: str) -> None:
    """Kill a life as soon as it prints a line that begins so."""
    with life:
        assert life.stdout is not None
        printed = [life.stdout.readline()]
        while printed[-1] and not printed[-1].startswith(moment):
            printed.append(life.stdout.readline())
        life.send_signal(signal.SIGKILL)
    assert printed[-1], f"{moment!r} was not printed, but\n{''.join(printed)}"
    assert life.returncode == -signal.SIGKILL


def ended(life: subprocess.Popen[str]) -> list[str]:
    """What a life prints that nobody kills."""
    printed, _ = life.communicate(timeout=60)
    assert life.returncode == 0
    return printed.splitlines()


def results(printed: list[str]) -> list[str]:
    """What became of each instance, in the last lines: `A-1: delivered`."""
    found = [line for line in printed if re.match(r"[A-Z]-\d: ", line)]
    assert found
    return found


def effects(folder: Path) -> list[str]:
    """What services did, by the keys that they were given: a key that changes after a kill is another line."""
    found = sorted((folder / "ledger.txt").read_text().splitlines())
    assert found
    assert len({line.partition(" ")[0] for line in found}) == len(found)
    return found
