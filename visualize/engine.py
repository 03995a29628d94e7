"""The engine: the program that lays graphs out, found on this machine and run with a time limit.

Looked for in this order: the setting FSM_DOT, `dot` on PATH, `graphviz-pure` beside the interpreter or on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fsm.errors import DrawingError, MissingExtra

TIMEOUT_SECONDS = 60
"""A chart of a thousand states takes seconds; a layout that takes longer helps nobody."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One layout program; `pure` is the pip-only one, which writes no PDF."""

    path: str
    pure: bool = False

    def run(self, source: str, format: str, *arguments: str) -> bytes:
        """Lay a graph out and give it back in a format of Graphviz. Raises DrawingError when that fails."""
        command = [self.path, f"-T{format}", *(arguments or ("-Kdot",))]
        try:
            done = subprocess.run(
                command, input=source.encode(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DrawingError(
                f"{self.path} took longer than {TIMEOUT_SECONDS} s for this chart."
                f" Draw it as text or Mermaid, or split the machine."
            ) from error
        except OSError as error:
            raise DrawingError(
                f"{self.path} cannot be run: {error}. Set FSM_DOT to a Graphviz program, or unset it."
            ) from error
        if done.returncode or not done.stdout:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = " / ".join(said[:3]) or "no output"
            raise DrawingError(f"{self.path} failed with code {done.returncode}: {why}.")
        return done.stdout


def find_engine(environment: Mapping[str, str] | None = None) -> Engine:
    """The layout program of this machine. Raises MissingExtra, which names both ways to get one."""
    env = os.environ if environment is None else environment
    path = env.get("PATH", "")
    wish = env.get("FSM_DOT", "")
    if wish:
        found = shutil.which(wish, path=path)
        if found is None:
            raise DrawingError(f"FSM_DOT is {wish!r}, and there is no such program. Correct it or unset it.")
        return Engine(found, "graphviz-pure" in Path(found).name)
    if found := shutil.which("dot", path=path):
        return Engine(found)
    beside = str(Path(sys.executable).parent) if environment is None else ""
    for folder in (beside, path):
        if folder and (found := shutil.which("graphviz-pure", path=folder)):
            return Engine(found, pure=True)
    raise MissingExtra(
        "dot",
        "Pictures need a Graphviz program, and there is none (DOT, Mermaid and text work without)."
        " With a system package: apt-get install graphviz fonts-liberation. Without one:",
    )
