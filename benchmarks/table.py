"""The tables for readers: Markdown made from a run with peers, for docs/speed.md, and a few rows for the README.

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

README = ("this", "transitions", "python-statemachine", "DBOS", "Temporal")
"""The columns of the README's table, where they are measured."""
RESUMED = "resume after kill -9, 10,000 instances with an invoke under way: faster than DBOS"

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


def readme(data: Mapping[str, Any]) -> str:
    """The measured rows of the README's table."""
    found = rows(data["figures"])
    resumed: Mapping[str, float] = next((made["sides"] for made in data["figures"] if made["case"] == RESUMED), {})
    measured = {
        "an event that crosses three levels": _of("three levels crossed", found),
        "a durable step": _of("durable step", found),
        "10,000 that were killed have gone on": {
            {"ours": OURS}.get(name, name): seconds * 1e6 for name, seconds in resumed.items()
        },
    }
    return "\n".join(
        f"| {what} | " + " | ".join(_time(took[name]) if name in took else "–" for name in README) + " |"
        for what, took in measured.items()
    )


def _of(column: str, found: Mapping[str, Mapping[str, tuple[float, float]]]) -> dict[str, float]:
    return {name: columns[column][0] for name, columns in found.items() if column in columns}


def _time(micros: float) -> str:
    for unit, many in (("s", 1e6), ("ms", 1e3)):
        if micros >= many / 2:
            return f"{micros / many:.2g} {unit}"
    return f"{float(f'{micros:.2g}'):g} µs"


def _cell(took: tuple[float, float] | None, name: str, floor: float | None) -> str:
    if took is None:
        return "–"
    under = floor if name == "transitions" and floor is not None else took[1]
    return f"{short(took[0])} ({short(took[0] / under)} x)"


def main() -> None:
    """Print both, made from a file of results."""
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(markdown(data), readme(data), sep="\n\n")


if __name__ == "__main__":
    main()
