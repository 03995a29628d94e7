"""Finals: which `on_final` callbacks a transition leads to, as `transitions` works it out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fsm.interop.transitions_reading import Place
from fsm.interop.transitions_way import Script, Way

Told = tuple[Iterable[Any], str]


def finals(script: Script, states: frozenset[int], way: Way) -> list[Told]:
    """The callbacks to run, innermost first, with their names; a parallel state is final when all regions are."""
    if way.domain is None:
        return []
    active = [script.places[s] for s in sorted(states) if s in script.places]
    entered = {script.places[s].id for s in way.entered if s in script.places}
    if not any(place.state.final and place.id in entered for place in active):
        return []
    top = [place for place in active if place.parent is None]
    if not script.nested:
        machine = script.reading.machine
        return [(machine.on_final, "on_final")] if top[0].state.final else []
    return _below(script, None, top, active, entered)[0]


def _below(
    script: Script, place: Place | None, children: list[Place], active: list[Place], entered: set[str]
) -> tuple[list[Told], bool]:
    found: list[Told] = []
    callbacks = place.callbacks["on_final"] if place is not None else script.reading.machine.on_final
    told = (callbacks, f"on_final of {place.id if place is not None else 'the machine'}")
    fresh = place is not None and place.id in entered
    if not children:
        final = place is not None and bool(place.state.final)
        return ([told] if final and fresh else []), final
    complete = True
    for child in children:
        inner, final = _below(script, child, [p for p in active if p.parent is child], active, entered)
        complete = complete and final
        found += inner
    if complete and (found or fresh):
        found.append(told)
    return found, complete
