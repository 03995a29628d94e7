"""`python -m benchmarks`: measures the cases and prints one table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks import report
from benchmarks.cases import chosen, left_out
from benchmarks.figure import Figure, Outcome
from benchmarks.race import Effort

GATE_ROUNDS, ROUNDS = 9, 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the exit code is 1 when gates were asked for and one is broken, 2 when no case was meant."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="What our machines cost, as ratios.")
    parser.add_argument("--gates", action="store_true", help="only the short cases; fail when a gate is broken")
    parser.add_argument("--peers", action="store_true", help="also other libraries, installed for the time being")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of each case; more is steadier")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(arguments)
    cases = chosen(asked.only, short=asked.gates, peers=asked.peers)
    if not cases:
        print(f"error: no case's name contains {asked.only!r}\n  fix: --list names them all", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(case.name for case in cases))
        return 0
    effort = Effort(rounds=asked.rounds or (GATE_ROUNDS if asked.gates else ROUNDS))
    outcomes: list[Outcome] = []
    for case in cases:
        print(f"measuring {case.name}", file=sys.stderr, flush=True)
        found = case.measure(effort)
        if asked.gates and any(isinstance(o, Figure) and o.broken for o in found):
            found = case.measure(effort)  # a machine may have been busy for a moment, never twice in a row by chance
        outcomes += found
    if not asked.gates and not asked.peers:
        outcomes += left_out(asked.only)
    if asked.json:
        print(json.dumps(report.as_data(outcomes), indent=2, ensure_ascii=False))
    else:
        report.show(outcomes, Console(width=None if sys.stdout.isatty() else report.WIDE, highlight=False))
        print(report.verdict(outcomes))
    return int(asked.gates and any(isinstance(o, Figure) and o.broken for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
