"""Finding: what an instance is found by, written with its turns, and asking for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fsm.chart.chart import Chart
from fsm.chart.machine import Machine
from fsm.chart.search import attributes_of, keyed_id, search_text
from fsm.core.codec import Codec
from fsm.errors import SearchInvalid
from fsm.ports.store import Attribute, Commit, Record, Status, Store

MachineClass = type[Machine[Any, Any, Any]]


def note(commit: Commit, codec: Codec, before: Record, context: bytes, *, begins: bool = False) -> None:
    """Add to the commit of a turn what the instance is found by from now on, as far as it changed.

    All of it is written where the instance begins, and where another shape of its class, which may have been found by
    other fields, has written it. Raises SearchInvalid.
    """
    chart = codec.chart
    anew = begins or before.digest != chart.digest
    if not chart.search or (context == before.context and not anew):
        return
    now = attributes_of(codec.decode_context(context), chart.search)
    was = {} if anew else attributes_of(codec.decode_context(before.context), chart.search)
    commit.attributes_anew = anew
    commit.attributes = [
        Attribute(commit.instance, name, now.get(name)) for name in chart.search if now.get(name) != was.get(name)
    ]


class Wanted(NamedTuple):
    """What is looked for, as users say it."""

    machine: MachineClass | str | None
    state: Any
    status: str | None
    tag: str | None
    key: str | None
    attributes: Mapping[str, Any]
    breached: bool


async def find(store: Store, known: Iterable[MachineClass], wanted: Wanted, after: str, limit: int) -> list[Record]:
    """Records in order of id. Raises SearchInvalid."""
    machine, key = wanted.machine, wanted.key
    name = machine if isinstance(machine, str) or machine is None else machine.__chart__.name
    charts = [m.__chart__ for m in known if name in (None, m.__chart__.name)]
    states = _states(charts, wanted.state, wanted.tag)
    if states == []:
        return []
    _check_searched(charts, wanted.attributes)
    names = [name] if name is not None else [chart.name for chart in charts]
    return await store.find(
        machine=name,
        statuses=[] if wanted.status is None else [Status(wanted.status).value],
        states=states or [],
        attributes=[(attribute, search_text(value)) for attribute, value in wanted.attributes.items()],
        ids=[] if key is None else [keyed_id(one, key) for one in names] or [key],
        breached=wanted.breached,
        after=after,
        limit=limit,
    )


def _states(charts: list[Chart], state: Any, tag: str | None) -> list[str] | None:
    if state is not None and not isinstance(state, str):
        state = next((c.nodes[c.numbers[state]].id for c in charts if state in c.numbers), "?")
    if tag is None:
        return None if state is None else [state]
    tagged = [n.id for c in charts for n in c.nodes if tag in n.tags]
    return [s for s in tagged if state is None or s == state or s.startswith(f"{state}.")]


def _check_searched(charts: list[Chart], attributes: Mapping[str, Any]) -> None:
    named = {name for chart in charts for name in chart.search}
    for name in attributes:
        if charts and name not in named:
            machines = ", ".join(chart.name for chart in charts)
            raise SearchInvalid(
                f"{machines}: instances are not found by {name!r}, but by {', '.join(sorted(named)) or 'nothing'}; name"
                f" the field in the class keyword, as in search=({name!r},)"
            )
