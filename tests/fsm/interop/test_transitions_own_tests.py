"""The tests that `transitions` has of its own, run against our algorithm; docs/transitions.md lists the exceptions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CACHE = Path(sys.prefix) / "share" / "transitions-own-tests"
VERSION = "0.9.3"


@cache
def sources() -> Path:
    """The unpacked source distribution, fetched once; without a way to it, the tests are skipped."""
    folder = CACHE / f"transitions-{VERSION}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        asked = [
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            f"transitions=={VERSION}",
            "-d",
            str(CACHE),
        ]
        done = subprocess.run([sys.executable, "-m", "pip", *asked], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the sources of transitions {VERSION} cannot be fetched: {done.stderr[-300:]}")
        with tarfile.open(CACHE / f"transitions-{VERSION}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def listed() -> set[str]:
    """The tests that docs/transitions.md lists as not kept."""
    text = (ROOT / "docs" / "transitions.md").read_text(encoding="utf-8")
    return {
        name for row in re.findall(r"^\| (`test_.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }


def outcomes(*modules: str) -> dict[str, str]:
    """What came of each test of some modules."""
    script = Path(__file__).with_name("transitions_suite.py")
    done = subprocess.run(
        [sys.executable, str(script), str(sources()), *modules],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=sources(),
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def hold(found: dict[str, str], least: int) -> None:
    """Every test passed or is listed."""
    failed = {name: told for name, told in found.items() if told not in ("passed", "skipped")}
    news = {name: told for name, told in failed.items() if name.rpartition(".")[2] not in listed()}
    assert not news, "\n".join(f"{name}: {told}" for name, told in news.items())
    assert sum(told == "passed" for told in found.values()) >= least


def test_its_tests_of_nested_machines_hold() -> None:
    hold(outcomes("test_nesting", "test_reuse", "test_enum"), 250)


@pytest.mark.long
def test_all_its_tests_hold_and_nothing_is_listed_in_vain() -> None:
    found = outcomes("test_core", "test_nesting", "test_parallel", "test_reuse", "test_enum", "test_async")
    hold(found, 700)
    assert listed() == {n.rpartition(".")[2] for n, told in found.items() if told not in ("passed", "skipped")}
