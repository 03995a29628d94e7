"""Migrations: what became of the names of an older version, as the newer class declares it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any

from fsm.chart.chart import Chart
from fsm.errors import DefinitionError


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Migration:
    """How instances of an older version go on with the next one; `migrations=` of the newer class takes them.

    >>> from fsm import Migration
    >>> Migration("1", {"Pay": "Billing.Pay"}).state("Pay.Waiting")
    'Billing.Pay.Waiting'

    `states` says the new ids, those below follow; ids that it does not name stay. `context` gets the data as a dict and
    gives the new one. `timers` renames edges that wait, and `ends` names the waiting edges and running invokes that
    nobody carries on. The class that takes them raises DefinitionError when they do not fit it.
    """

    version: str | int
    """The version that is left behind."""
    states: Mapping[str, str] = field(default_factory=_nothing)
    _: KW_ONLY
    context: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    timers: Mapping[str, str] = field(default_factory=_nothing)
    ends: Collection[str] = ()

    def state(self, id: str) -> str:
        """What a state is called in the next version: the longest path that has a new name decides."""
        parts = id.split(".")
        for length in range(len(parts), 0, -1):
            new = self.states.get(".".join(parts[:length]))
            if new is not None:
                return ".".join([new, *parts[length:]])
        return id


def number_of(version: str | int) -> tuple[int, ...]:
    """A version as its order: 1.10 comes after 1.9."""
    return tuple(int(part) for part in str(version).split(".") if part.isdigit())


def ordered(chart: Chart, migrations: Iterable[Any]) -> tuple[Migration, ...]:
    """The migrations of a class, oldest first. Raises DefinitionError when they do not lead to it."""
    given = list(migrations)
    problems = [
        f"migrations= has {wrong!r}, which is not a migration; write Migration('1', states={{'Old': 'New'}})"
        for wrong in given
        if not isinstance(wrong, Migration)
    ]
    found = sorted((m for m in given if isinstance(m, Migration)), key=lambda m: number_of(m.version))
    for place, migration in enumerate(found):
        problems += _problems(chart, migration, found[place + 1 :])
    if problems:
        raise DefinitionError(chart.name, problems)
    return tuple(found)


def _problems(chart: Chart, migration: Migration, later: list[Migration]) -> Iterable[str]:
    where, number = f"Migration({str(migration.version)!r})", number_of(migration.version)
    if not number < number_of(chart.version):
        yield f"{where} must lead away from an older version; this class is version {chart.version}: raise version="
    if any(number_of(other.version) == number for other in later):
        yield f"{where} is there twice; join the two into one"
    if migration.context is not None and not callable(migration.context):
        yield f"{where}: context={migration.context!r} cannot be called; name a function from dict to dict"
    if isinstance(migration.ends, str):
        yield f"{where}: ends={migration.ends!r} is a text; write ends=({migration.ends!r},)"
    waiting = {t.trigger.key.rpartition("#")[2] for t in chart.transitions if t.trigger.kind == "after"}
    for old, new in migration.states.items():
        state, parted = new, False
        for other in later:
            parted = parted or any(inner.startswith(f"{state}.") for inner in other.states)
            state = other.state(state)
        if state not in chart.index and not parted:  # what is below it may have gone elsewhere since
            yield f"{where}: {old!r} becomes {state!r}, which is no state of this class; write the path of one"
    for old, new in migration.timers.items():
        name: str | None = new
        for other in later:
            name = None if name is None or name in other.ends else other.timers.get(name, name)
        if name is not None and name not in waiting:
            yield f"{where}: the timer {old!r} becomes {name!r}, but no `{name} = after(…)` is in this class; name one"
