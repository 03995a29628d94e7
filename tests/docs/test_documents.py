"""What the documents say is true: their code runs, their links lead somewhere, their commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from fsm.cli import application
from tests.docs.blocks import ROOT, Block, blocks, commands, documents, links, name_of

WITH_CODE = [d for d in documents() if blocks(d, "python") and d.name != "README.md"]
"""The program of README.md has tests of its own."""

PAGES = [pytest.param(d, id=name_of(d)) for d in documents()]


@pytest.mark.parametrize("document", [pytest.param(d, id=name_of(d)) for d in WITH_CODE])
def test_the_code_of_a_document_runs_and_prints_what_it_says(document: Path, tmp_path: Path) -> None:
    """The python blocks of a page are one program; a text block right behind one is what that one prints."""
    parts: list[str] = []
    expected: list[str] = []
    before: Block | None = None
    for block in blocks(document):
        if block.language == "python":
            parts.append(f"{block.text}\nprint('----', flush=True)\n")
            expected.append("")
        elif block.language == "text" and before is not None and before.language == "python":
            expected[-1] = block.text
        before = block
    program = tmp_path / "page.py"
    program.write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, program.name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("----\n")[:-1] == expected


@pytest.mark.parametrize("document", PAGES)
def test_links_lead_somewhere(document: Path) -> None:
    missing = [target for target in links(document) if not (document.parent / target).exists()]
    assert not missing, f"{name_of(document)} links to {', '.join(missing)}"


@pytest.mark.parametrize("document", PAGES)
def test_commands_exist(document: Path) -> None:
    known = set(typer.main.get_group(application()).commands)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert commands(document, "fsm") <= known
    assert commands(document, "make") <= targets


def test_the_architecture_names_modules_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:fsm|persistence|visualize|tests)/[\w/]+\.py)\b", text))
    assert named, "ARCHITECTURE.md names no module"
    assert not sorted(n for n in named if not (ROOT / n).exists())
