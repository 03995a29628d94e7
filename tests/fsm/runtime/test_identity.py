"""A worker's identity tells its neighbours when it is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fsm.runtime import identity
from fsm.runtime.identity import is_dead, worker_id

ANOTHER = "from fsm.runtime.identity import worker_id; print(worker_id())"


def test_every_worker_has_an_identity_of_its_own_and_is_alive() -> None:
    assert worker_id() != worker_id()
    assert not is_dead(worker_id())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say which processes there are")
def test_a_process_that_has_gone_is_dead() -> None:
    done = subprocess.run([sys.executable, "-c", ANOTHER], capture_output=True, text=True, check=True)
    assert is_dead(done.stdout.strip())


def test_another_process_with_the_same_number_is_not_it(monkeypatch: pytest.MonkeyPatch) -> None:
    place, pid, begun, token = worker_id().rsplit(":", 3)
    assert is_dead(f"{place}:{pid}:{begun}1:{token}") == (place != "")


def test_nobody_knows_of_workers_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = worker_id()
    assert not is_dead("another machine/1:1:1:x")
    assert not is_dead("nonsense")
    monkeypatch.setattr(identity, "_PROC", tmp_path)
    assert not is_dead(mine)
    assert not is_dead(worker_id())
