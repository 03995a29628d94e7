"""The table for readers: a Markdown block made from a run with peers.

python -m benchmarks --peers --json > results.json
python -m benchmarks.table results.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import short

COLUMNS = {
    "event, three levels crossed": "three levels crossed",
    "event, two regions moved": "two regions moved",
    "durable step, one instance": "durable step",
    "durable step, 100 instances at once": "100 at once",
}
"""The start of a case, and what the column is called."""

OURS = "this"
_PEER = re.compile(r": (?P<name>.+?)(?: as shipped)?, over ")


def rows(figures: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[float, float]]]:
    """What each library took and what its floor took, in µs, by column."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for made in figures:
        for start, column in COLUMNS.items():
            if not re.match(re.escape(start) + "[,:]", made["case"]):
                continue
            sides = list(made["sides"].items())
            named = _PEER.search(made["case"])
            if named is not None:
                name = named["name"]
            elif "transitions" in made["sides"]:
                name = "transitions"
            elif "FULL: speed of" in made["case"] or made["case"].endswith("over the plan engine"):
                name = OURS
            else:
                continue
            found.setdefault(name, {}).setdefault(column, (sides[0][1], sides[1][1]))
    return found


def markdown(data: Mapping[str, Any]) -> str:
    """The block: a row for each library, times and how often the floor's time they are."""
    found = rows(data["figures"])
    floors = {c: floor for c, (_, floor) in found.get(OURS, {}).items()}
    names = sorted(found, key=lambda name: (name != OURS, name.lower()))
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name in names:
        cells = (_cell(found[name].get(column), name, floors.get(column)) for column in COLUMNS.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    machine = data["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine.items() if k != "date")
    lines += [
        "",
        "µs for each event or step, and how often the time of the floor measured by turns with it: a minimal engine in"
        " pure Python, or the same rows written with sqlite3 by hand. All durable ones as they are shipped, in SQLite;"
        " ours and the floor with an fsync for each commit.",
        f"Measured {machine['date']} ({versions}).",
    ]
    return "\n".join(lines)


def _cell(took: tuple[float, float] | None, name: str, floor: float | None) -> str:
    if took is None:
        return "–"
    under = floor if name == "transitions" and floor is not None else took[1]
    return f"{short(took[0])} ({short(took[0] / under)} x)"


def main() -> None:
    """Print the block made from a file of results."""
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
