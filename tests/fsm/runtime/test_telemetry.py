"""What may be told is written in one table, in the code as in the document, and costs nothing where nobody asks."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from opentelemetry import trace

from fsm.errors import MissingExtra
from fsm.runtime.telemetry import TOLD, Telemetry, Told
from tests.docs.blocks import ROOT


def test_the_document_has_the_table_of_the_code() -> None:
    text = (ROOT / "docs/telemetry.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| ?(\S*) ?\| ?(.*?) ?\|$", text, re.MULTILINE)
    assert {name: Told(kind, unit, tuple(re.findall(r"`([\w.]+)`", more))) for name, kind, unit, more in rows} == TOLD


def test_a_missing_api_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingExtra, match=r"dynamic-orchestrator\[telemetry\]"):
        Telemetry()


def test_without_it_the_api_is_not_even_loaded() -> None:
    code = "import fsm, sys; fsm.Orchestrator; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"


def test_without_providers_it_is_silent() -> None:
    told = Telemetry()
    span = told.begun("fsm.turn", None, "a", "M", "Go", "event:1")
    told.fail(span, ValueError())
    with told.current(span):
        assert trace.get_current_span() is span
    told.count("fsm.parked", 1, "M", "ValueError")
