"""The cases: what is measured, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks import busy, durable, idle, imports, memory, payload, postgres, resume, scale, shapes, written
from benchmarks.figure import Outcome, Skipped
from benchmarks.peers import environment
from benchmarks.race import Effort


@dataclass(frozen=True, slots=True)
class Case:
    """Something to measure; it may give several figures."""

    name: str
    measure: Callable[[Effort], list[Outcome]]
    short: bool = True
    """Whether it is among the gates, which must be quick."""
    peer: bool = False
    """Whether it installs other libraries for the time being."""


CASES = (
    Case("memory.flat", memory.flat),
    Case("memory.callbacks", memory.callbacks),
    Case("memory.crossing", memory.crossing),
    Case("memory.regions", memory.regions),
    Case("memory.awaited", memory.awaited),
    Case("memory.states", shapes.many_states),
    Case("memory.definition", shapes.definition),
    Case("memory.idle", idle.idle),
    Case("sqlite.single", durable.single),
    Case("sqlite.together", durable.together),
    Case("sqlite.bytes", written.bytes_written),
    Case("sqlite.busy", busy.busy),
    Case("sqlite.full", durable.full, short=False),
    Case("postgres.steps", postgres.steps, short=False),
    Case("start.imports", imports.imports),
    Case("start.resume", resume.resume, short=False),
    Case("scale.store", scale.full_store, short=False),
    Case("shapes.towers", shapes.towers, short=False),
    Case("shapes.regions", shapes.many_regions, short=False),
    Case("shapes.states", shapes.huge, short=False),
    Case("shapes.contexts", payload.sizes, short=False),
    Case("shapes.durable", durable.larger, short=False),
    Case("peers.statecharts", partial(environment.measured, "statecharts"), short=False, peer=True),
    Case("peers.dbos", partial(environment.measured, "dbos"), short=False, peer=True),
    Case("peers.resume", environment.resumed, short=False, peer=True),
    Case("peers.langgraph", partial(environment.measured, "langgraph"), short=False, peer=True),
    Case("peers.burr", partial(environment.measured, "burr"), short=False, peer=True),
)


def chosen(only: str = "", *, short: bool = False, peers: bool = False) -> list[Case]:
    """The cases whose name contains a text.

    >>> [case.name for case in chosen("memory.f")]
    ['memory.flat']
    """
    found = [case for case in CASES if only in case.name]
    return [case for case in found if (case.short or not short) and (peers or not case.peer)]


def left_out(only: str = "") -> list[Outcome]:
    """The cases of the peers, where they were not asked for."""
    return [Skipped(case.name, "--peers installs and measures it") for case in CASES if only in case.name and case.peer]
