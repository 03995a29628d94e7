"""The verdict: what must be true of the orders, of their journals and of the services' own ledger at the end.

answered and recorded      never runs again
cut short by a kill        runs again, with the same idempotency key, and only in a later life
an event from outside      is taken exactly once, however often it was sent
an order                   ends where its data say, with the money taken once or not at all
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fsm.demo.ledger import Run
from fsm.demo.script import Plan

OUTSIDE = ("Pay", "Collected")
"""Events that come from outside."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What the store says of an order at the end."""

    status: str
    configuration: tuple[str, ...]
    context: Mapping[str, Any]
    seq: int
    turns: tuple[tuple[int, str], ...]
    """(seq, event) of every turn."""
    recorded: tuple[tuple[str, str], ...]
    """(method, run) of every recorded call."""
    waiting: int = 0
    """Events that nobody took."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the verdict is made from."""

    plans: tuple[Plan, ...]
    orders: Mapping[str, Ended]
    runs: tuple[Run, ...]
    """The ledger, in order."""
    killed: frozenset[int]
    """Lives of the worker that ended by SIGKILL."""


def differences(evidence: Evidence) -> list[str]:
    """What is not as it must be, a sentence each; empty when nothing was lost and nothing doubled."""
    found: list[str] = []
    for plan in evidence.plans:
        ended = evidence.orders.get(plan.id)
        if ended is None:
            found.append(f"{plan.id}: the order is lost")
            continue
        runs = [r for r in evidence.runs if r.order == plan.id]
        for check in (
            _ending(plan, ended),
            _journal(plan, ended),
            _calls(plan, ended, runs, evidence.killed),
            _money(plan, ended, runs),
        ):
            found += [f"{plan.id}: {text}" for text in check]
    known = {plan.id for plan in evidence.plans}
    found += [f"{id}: nobody ordered this" for id in sorted(set(evidence.orders) - known)]
    found += [f"{run.order}: {run.method} was called for no order" for run in evidence.runs if run.order not in known]
    return found


def _ending(plan: Plan, ended: Ended) -> Iterator[str]:
    if ended.status != "done" or ended.configuration != (plan.ends_in,):
        yield f"must be done in {plan.ends_in}, is {ended.status} in {', '.join(ended.configuration)}"
    expected = {"customer": plan.customer, "amount": plan.amount, "tries": plan.tries}
    if plan.ships:
        expected |= {"card": plan.card, "courier": plan.courier}
    for name, value in expected.items():
        if ended.context.get(name) != value:
            yield f"its {name} must be {value!r}, is {ended.context.get(name)!r}"


def _journal(plan: Plan, ended: Ended) -> Iterator[str]:
    numbers = [seq for seq, _ in ended.turns]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) != ended.seq:
        yield f"its journal has the turns {numbers}, the instance stands at {ended.seq}"
    taken = Counter(event for _, event in ended.turns if event in OUTSIDE)
    for event in OUTSIDE:
        if taken[event] != plan.events.get(event, 0):
            yield f"must take {event} {plan.events.get(event, 0)}×, took it {taken[event]}×"
    if ended.waiting:
        yield f"{ended.waiting} events were left over"


def _calls(plan: Plan, ended: Ended, runs: list[Run], killed: frozenset[int]) -> Iterator[str]:
    by_key: dict[str, list[Run]] = {}
    for run in runs:
        by_key.setdefault(run.key, []).append(run)
    keys = Counter(found[0].method for found in by_key.values())
    for method in sorted({*plan.calls, *keys}):
        if keys[method] != plan.calls.get(method, 0):
            yield f"needs {plan.calls.get(method, 0)} calls of {method}, the ledger has {keys[method]} keys"
    recorded = Counter(run for _, run in ended.recorded)
    answers = {run.run: run for run in runs}
    for method, name in ended.recorded:
        answer = answers.get(name)
        if answer is None or answer.outcome is None:
            yield f"an answer of {method} was recorded (run {name}) that the service never gave"
        elif recorded[name] > 1:
            yield f"the answer of {method} (run {name}) was recorded {recorded[name]}×"
    for key, found in by_key.items():
        yield from _repeats(key, found, set(recorded), killed)


def _repeats(key: str, runs: list[Run], recorded: set[str], killed: frozenset[int]) -> Iterator[str]:
    """The runs of one key: all but the last were cut short by a kill, and the last one is the recorded one."""
    method = runs[0].method
    lives = [run.life for run in runs]
    if lives != sorted(set(lives)):
        yield f"{method} ran more than once in one life of the worker: {lives} (key {key})"
    for run in runs[:-1]:
        if run.run in recorded:
            yield f"{method} ran again after its answer was recorded (run {run.run}, key {key})"
        elif run.life not in killed:
            yield f"{method} ran again though life {run.life} was not killed (run {run.run}, key {key})"
    if runs[-1].run not in recorded:
        yield f"{method} has no recorded answer (key {key})"
    if runs[-1].outcome is None:
        yield f"{method} was cut short and never repeated (key {key})"
    done = [run for run in runs if run.outcome is not None and not run.recognised]
    if len(done) > 1:
        yield f"{method} did its work {len(done)}× (key {key})"


def _money(plan: Plan, ended: Ended, runs: list[Run]) -> Iterator[str]:
    taken = sum(r.amount for r in runs if r.method == "payments.charge" and r.outcome == "ok" and not r.recognised)
    due = plan.amount if plan.ships else 0
    if taken != due:
        yield f"{due} must be paid, {taken} was taken"
    for method, field, letter in (
        ("payments.charge", "receipt", "R"),
        ("warehouse.pack", "parcel", "P"),
        ("post.write", "letter", "L"),
    ):
        numbers = {f"{letter}-{r.number}" for r in runs if r.method == method and r.outcome == "ok"}
        if plan.ships and ended.context.get(field) not in numbers:
            gave = ", ".join(sorted(numbers)) or "none"
            yield f"its {field} is {ended.context.get(field)!r}, the service gave {gave}"
