"""The README's program is killed and goes on as the README says; its picture is the one that the class gives."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.pictures import words
from visualize import render

README = ROOT / "README.md"
SVG = ROOT / "docs/pictures/order.svg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds orders.py, as the README has it."""
    (program,) = blocks(README, "python")
    (tmp_path / "orders.py").write_text(program.text, encoding="utf-8")
    return tmp_path


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_program_is_killed_and_goes_on(folder: Path) -> None:
    (console,) = (b.text for b in blocks(README, "console") if "kill -9" in b.text)
    said = [line for line in console.splitlines() if not line.startswith("$")]

    first = begin(folder, "orders.py")
    assert first.stdout is not None
    began = first.stdout.readline().rstrip()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    listing = begin(folder, "-c", "from fsm.cli import main; main()", "list", "--store", "sqlite:///orders.db")
    listed = listing.communicate(timeout=60)[0].splitlines()
    second = begin(folder, "orders.py").communicate(timeout=60)[0].splitlines()
    third = begin(folder, "orders.py").communicate(timeout=60)[0].splitlines()

    printed = [began, *listed, *second, *third]
    assert [_without_age(line) for line in printed] == [_without_age(line) for line in said]


def _without_age(line: str) -> str:
    """A line of the listing without its last column and the width of the others."""
    return " ".join(re.sub(r"\d+m?s ago$", "", line).split())


def test_the_picture_is_drawn_from_the_class(folder: Path) -> None:
    fresh = render(_module(folder).Order, folder / "order.svg").read_text(encoding="utf-8")
    assert words(SVG.read_text(encoding="utf-8")) == words(fresh), (
        "docs/pictures/order.svg is old; draw it again: fsm draw orders.py:Order -o docs/pictures/order.svg"
    )


def _module(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("orders", folder / "orders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
