"""Deeds: what an instance has done and can undo, and what comes of trying; pure.

A deed is noted in the turn that commits what was done, taken by the compensation whose state is entered, and forgotten
in the turn that takes the end of that. Undos and their calls are recorded under one cause for all stays, told apart by
the number of the deed. So whatever was interrupted or has failed goes on with the same idempotency keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic_core import to_json

from fsm.chart.chart import Handler, Invocation
from fsm.chart.event import Done, Event, Failed
from fsm.core.codec import Codec, event_payload
from fsm.core.fanout import Part
from fsm.core.live import Live
from fsm.core.step import Taken, event_name
from fsm.errors import DeedsExceeded, FsmError, NotUndone
from fsm.limits import DEEDS_BYTES_MAX, DEEDS_MAX

UNDO = "undo"
"""The cause of all undos of an instance in the call journal, and the name of their outcomes there."""

NOTHING = '{"ok":null}'
"""The outcome of an undo that went well."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done that can be undone: by the invoke or the edge `name` of a state, and with what."""

    n: int
    name: str
    state: str
    event: str
    """The wire name of the event of an edge; empty for an invoke."""
    payload: str
    """The answer of the invoke, or the event, as JSON."""
    taken: str = ""
    """The compensation that is undoing it."""


def deeds_of(rows: Iterable[Sequence[Any]]) -> tuple[Deed, ...]:
    """Deeds as they were kept. Raises TypeError."""
    return tuple(Deed(*row) for row in rows)


def note(live: Live, key: Any, event: Event, trace: Sequence[Taken]) -> None:
    """Note what a turn has done, and forget what has been undone. Raises DeedsExceeded."""
    chart = live.table.chart
    if isinstance(event, (Done, Failed)) and isinstance(key, str) and key.startswith(("done.invoke.", "error.invoke.")):
        invocation = next(i for i in chart.invokes if i.id == key.split(".", 2)[2])
        if invocation.undoes is not None:
            live.deeds = tuple(_left(live.deeds, invocation.id, event))
        elif invocation.undo is not None and isinstance(event, Done):
            _add(live, invocation.id, invocation.state, "", to_json(event.data).decode())
    for cause, plan, what in trace:
        for transition in plan.transitions:
            if transition.undo is not None:
                _add(live, transition.name, transition.source, event_name(cause), event_payload(what))


def _add(live: Live, name: str, state: int, event: str, payload: str) -> None:
    live.generation += 1
    live.deeds = (*live.deeds, Deed(live.generation, name, live.table.chart.nodes[state].id, event, payload))
    size = sum(len(deed.payload) for deed in live.deeds)
    if len(live.deeds) > DEEDS_MAX or size > DEEDS_BYTES_MAX:
        raise DeedsExceeded(
            f"{live.table.chart.name} {live.id!r}: with {name} there are {len(live.deeds):,} things to undo, which need"
            f" {size:,} bytes; the limits are {DEEDS_MAX:,} and {DEEDS_BYTES_MAX:,}. Nothing was changed; let answers"
            f" and events be references, and do in a child machine what is done so often."
        )


def _left(deeds: Sequence[Deed], compensation: str, end: Done[Any] | Failed) -> list[Deed]:
    """What is left to undo when a compensation has ended: what failed, or all of it when it was broken off."""
    mine = {deed.n for deed in deeds if deed.taken == compensation}
    if isinstance(end, Done):
        undone = mine
    elif end.error.kind == NotUndone.__name__ and isinstance(end.error.data, list):
        undone = mine - {one["n"] for one in end.error.data}
    else:
        undone = set()
    return [replace(deed, taken="") if deed.n in mine else deed for deed in deeds if deed.n not in undone]


def take(live: Live, invocation: Invocation, generation: int) -> str:
    """What a compensation is to undo, the last first, as a JSON list; others that run have what they took."""
    mine = [deed for deed in live.deeds if _is_free(live, deed, invocation) and _inside(live, deed, invocation)]
    numbers = {deed.n for deed in mine}
    live.deeds = tuple(replace(d, taken=invocation.id) if d.n in numbers else d for d in live.deeds)
    return json.dumps([asdict(d) | {"taken": f"{invocation.id}#{generation}"} for d in reversed(mine)])


def _is_free(live: Live, deed: Deed, invocation: Invocation) -> bool:
    return deed.taken in ("", invocation.id) or deed.taken not in live.invokes


def _inside(live: Live, deed: Deed, invocation: Invocation) -> bool:
    chart, number = live.table.chart, live.table.chart.index.get(deed.state)
    within = invocation.undoes
    return not within or any(number is not None and (number == w or chart.inside(number, w)) for w in within)


def undo_of(codec: Codec, text: str) -> tuple[Handler, Any]:
    """What undoes a deed, and the answer or event that it gets. Raises FsmError when the class has no undo any more."""
    said = json.loads(text)
    name, chart = said["name"], codec.chart
    for invocation in chart.invokes:
        if invocation.id == name and invocation.undo is not None and not said["event"]:
            return invocation.undo, getattr(codec.done(invocation, said["payload"]), "data", None)
    for transition in chart.transitions:
        if (
            transition.name == name
            and chart.nodes[transition.source].id == said["state"]
            and transition.undo is not None
        ):
            return transition.undo, codec.restore_event(said["event"], said["payload"])
    raise FsmError(f"{chart.name} has no undo for {name} in {said['state']} any more; declare it again, then try again")


class Undone:
    """What is known of the undos of one compensation: all of them are tried."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.outcomes: dict[int, str] = {}

    def note(self, number: int, outcome: str) -> None:
        """An undo has ended."""
        self.outcomes[number] = outcome

    @property
    def over(self) -> bool:
        """Whether all have been tried."""
        return len(self.outcomes) == len(self._parts)

    def payload(self) -> str:
        """The names of what was undone, as JSON. Raises NotUndone."""
        named = [(number, json.loads(text)["name"]) for number, text in self._parts]
        told = {number: json.loads(outcome) for number, outcome in self.outcomes.items()}
        left = [{"n": n, "name": name, **told[n]["error"]} for n, name in named if "error" in told[n]]
        if left:
            listed = "; ".join(f"{one['name']}: {one['kind']}: {one['message']}" for one in left)
            raise NotUndone(f"{len(left)} of {len(named)} could not be undone: {listed}", left)
        return json.dumps([name for _, name in named])


def undo_parts(items: str) -> list[Part]:
    """The deeds that a compensation has taken, by their numbers."""
    return [(deed["n"], json.dumps(deed)) for deed in json.loads(items)]
