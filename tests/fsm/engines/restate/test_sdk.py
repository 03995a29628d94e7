"""The SDK is loaded when an engine is made."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fsm.engines.restate.sdk import Sdk
from fsm.errors import MissingExtra


def test_without_it_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "restate", None)
    with pytest.raises(MissingExtra, match=r"dynamic-orchestrator\[restate\]"):
        Sdk()


def test_stores_are_opened_without_it() -> None:
    code = "import sys, fsm.engines as e; e.open_engine('memory://'); sys.exit('restate' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
