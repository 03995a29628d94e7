"""Both type checkers accept every correct machine and refuse every mistake, on exactly the line where it stands."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = ("accept.py", "accept_more.py", "reject.py")

Findings = dict[str, dict[int, list[str]]]
"""File -> line -> messages."""


@cache
def checkers() -> dict[str, Findings]:
    """What each checker says about the files; both run at the same time."""
    paths = [str(HERE / name) for name in FILES]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--show-error-codes", "--no-pretty"]
    pyright = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    running = {
        name: subprocess.Popen([*command, *paths], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, command in (("mypy", mypy), ("pyright", pyright))
    }
    said = {name: process.communicate(timeout=120) for name, process in running.items()}
    return {"mypy": _of_mypy(*said["mypy"]), "pyright": _of_pyright(*said["pyright"])}


def _of_mypy(text: str, problems: str) -> Findings:
    assert "error" in text or "Success" in text, text + problems
    found: Findings = {}
    for line in text.splitlines():
        match = re.match(r"(.+?):(\d+): error: (.*)", line)
        if match:
            found.setdefault(Path(match[1]).name, {}).setdefault(int(match[2]), []).append(match[3])
    return found


def _of_pyright(text: str, problems: str) -> Findings:
    assert text.startswith("{"), text + problems
    found: Findings = {}
    for item in json.loads(text)["generalDiagnostics"]:
        line = item["range"]["start"]["line"] + 1
        found.setdefault(Path(item["file"]).name, {}).setdefault(line, []).append(item["message"])
    return found


def marked(name: str) -> dict[int, str]:
    """The lines that are marked as mistakes."""
    lines = (HERE / name).read_text().splitlines()
    return {n: line.split("# E: ")[1] for n, line in enumerate(lines, 1) if "# E: " in line}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("name", ["accept.py", "accept_more.py"])
def test_a_correct_machine_is_accepted(checker: str, name: str) -> None:
    assert checkers()[checker].get(name, {}) == {}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_every_marked_mistake_is_refused_and_nothing_else(checker: str) -> None:
    found, wanted = checkers()[checker].get("reject.py", {}), marked("reject.py")
    assert {n: wanted[n] for n in wanted if n not in found} == {}, "accepted, but wrong"
    assert {n: found[n] for n in found if n not in wanted} == {}, "refused, but not marked"


PROMISED = {
    "an unknown state": r"unknown state",
    "the wrong event type in a handler": r"wrong event type in a handler",
    "a misspelt context field": r"misspelt context field",
    "a wrong result type in .done": r"wrong result type in \.done",
    "a non-guard in when=": r"non-guard in when=",
    "an event outside the alphabet passed to send": r"outside the alphabet",
    "a wrong payload field": r"wrong payload field",
}


@pytest.mark.parametrize("kind", PROMISED)
def test_every_kind_of_mistake_that_the_product_promises_is_among_the_marked(kind: str) -> None:
    assert any(re.search(PROMISED[kind], text) for text in marked("reject.py").values())


@pytest.mark.parametrize("name", ["accept.py", "accept_more.py"])
def test_what_the_checkers_accept_is_a_machine_at_run_time_too(name: str) -> None:
    assert runpy.run_path(str(HERE / name))["StateMachine"].__subclasses__()
