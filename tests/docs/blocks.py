"""The fenced blocks, links and commands of the project's documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Block:
    """One fenced block: its language and what it holds."""

    language: str
    text: str
    line: int


def documents() -> list[Path]:
    """Every document for people."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def name_of(document: Path) -> str:
    """A document as a test names it."""
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    fences = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [Block(f[1], f[2], text.count("\n", 0, f.start()) + 1) for f in fences]
    return [b for b in found if language in ("", b.language)]


def links(document: Path) -> list[str]:
    """What a document links to inside the project."""
    text = document.read_text(encoding="utf-8")
    targets = [*re.findall(r"\]\(([^)#]+)[^)]*\)", text), *re.findall(r'src="([^"]+)"', text)]
    return [t for t in targets if "://" not in t]


def commands(document: Path, program: str) -> set[str]:
    """The subcommands of a program that a document tells readers to use."""
    text = document.read_text(encoding="utf-8")
    return set(re.findall(rf"(?:^\$ |`|&& |; ){program} ([a-z][a-z-]*)", text, re.MULTILINE))
