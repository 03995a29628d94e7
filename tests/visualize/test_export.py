"""What is written into files: word for word what lies in the golden folder.

After a wanted change: FSM_GOLDEN=write pytest tests/visualize/test_export.py, then look at what git says.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.visualize.machines import LIVE, PATH, Deep, Fork, Loops, Order, Regions, Routed, Ship
from visualize import diagram, to_dot, to_mermaid, to_text

GOLDEN = Path(__file__).parent / "golden"
SUBJECTS = {
    "deep": Deep,
    "fork": Fork,
    "live": diagram(LIVE, history=PATH),
    "loops": Loops,
    "order": Order,
    "regions": Regions,
    "routed": Routed,
    "ship": Ship,
}
WRITERS = {".dot": to_dot, ".mmd": to_mermaid, ".txt": lambda subject: f"{to_text(subject)}\n"}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_text_formats_are_what_they_were(name: str, suffix: str) -> None:
    file, text = GOLDEN / f"{name}{suffix}", WRITERS[suffix](SUBJECTS[name])
    if os.environ.get("FSM_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_nothing_in_the_golden_folder_is_left_over() -> None:
    assert {f.name for f in GOLDEN.iterdir()} == {f"{name}{suffix}" for name in SUBJECTS for suffix in WRITERS}
