"""From a reading to a sketch of ours: places become states, arrows become transitions.

Where a composite state can be entered without a child, being in it alone is a state of its own: `C` is to be in C and
in nothing inside of it, `C_*` is to be in C or anything in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fsm.chart.chart import Handler, Trigger
from fsm.chart.context import Context
from fsm.chart.guard import Both, Guard, InState, Not, Predicate
from fsm.chart.sketch import Sketch, StateSketch, TransitionSketch
from fsm.chart.state import Kind
from fsm.interop.transitions_lift import Lifted, lifted
from fsm.interop.transitions_passage import Passage, question, step, timeout
from fsm.interop.transitions_reading import Place, Reading
from fsm.interop.transitions_way import Script, Way


class Draft:
    """A sketch in the making; `places` tells afterwards which state of the chart stands for which place."""

    def __init__(self, reading: Reading, script: Script) -> None:
        self.reading, self.script = reading, script
        entered = {*reading.initial, *(i for place in reading.places.values() for i in place.initial)}
        entered |= {arrow.target for arrow in reading.arrows if arrow.target is not None}
        entered |= {place.id for place in reading.places.values() if place.region}
        self.alone = {
            p.id for p in reading.places.values() if p.children and not p.initial and not p.parallel and p.id in entered
        }
        """Composites that can be active without a child."""
        self.left = {arrow.source for arrow in reading.arrows if not arrow.auto}
        self.begins, self.ends = any(_before(reading)), any(_after(reading))
        self.silent = not (self.begins or self.ends or any(_others(reading)))
        """Whether there are no callbacks at all."""
        self.places: dict[str, Place] = {}

    def sketch(self, name: str, context: type[Context], version: str, unhandled: str) -> Sketch:
        """The whole machine."""
        top = [self._state(place) for place in self.reading.top]
        kind = Kind.PARALLEL if self.reading.parallel else Kind.COMPOUND
        root = StateSketch("", kind, top, tuple(map(self._box, self.reading.initial)))
        found = sorted(lifted(self.reading), key=lambda lift: lift.rank)
        rows = [self._transition(lift) for lift in found]
        rows += [row for place in self.reading.places.values() for row in self._timeout(place)]
        rows += [row for place in self.reading.places.values() for row in self._patience(place, unhandled)]
        return Sketch(name, root, rows, context=context, version=version, unhandled=unhandled)

    # ---- states

    def _box(self, id: str) -> str:
        """The id in the chart of a place with all that is inside of it."""
        return f"{id}{self.reading.separator}*" if id in self.alone else id

    def _state(self, place: Place) -> StateSketch:
        state = place.state
        children = [self._state(child) for child in place.children]
        initial = tuple(map(self._box, place.initial))
        if place.id in self.alone:
            alone = StateSketch(place.id, entry=self._entry(place.id, [], place), exit=self._exit(place.id, [], place))
            children.insert(0, alone)
            initial = (place.id,)
        id = self._box(place.id)
        self.places[id] = place
        over = state.final and not children and place.id not in self.left and not place.region
        kind = Kind.FINAL if over else Kind.COMPOUND if children else Kind.ATOMIC
        return StateSketch(
            id,
            Kind.PARALLEL if place.parallel else kind,
            children,
            initial,
            entry=self._entry(id, place.callbacks["on_enter"], place),
            exit=() if over and place.parent is None else self._exit(id, place.callbacks["on_exit"], place),
            name=place.id,
            tags=frozenset(str(tag) for tag in getattr(state, "tags", ())),
            where=f"state {place.id!r}",
        )

    def _entry(self, id: str, callbacks: list[Any], place: Place) -> tuple[Handler, ...]:
        if not callbacks and not (self.ends and self._innermost(id, place)):
            return ()

        async def enter(passage: Passage) -> None:
            state = self.script.chart.index[id]
            await passage.enter(callbacks, place, state)
            await passage.settle(state)

        return (_handler(callbacks, "after", step(enter)),)

    def _exit(self, id: str, callbacks: list[Any], place: Place) -> tuple[Handler, ...]:
        if not callbacks and not (self.begins and self._innermost(id, place)):
            return ()

        async def exit(passage: Passage) -> None:
            await passage.begin()
            await passage.exit(callbacks, place, self.script.chart.index[id])

        return (_handler(callbacks, "before", step(exit)),)

    def _innermost(self, id: str, place: Place) -> bool:
        """Whether a state of the chart has no children."""
        return not place.children or id not in self.places

    # ---- transitions

    def _transition(self, lift: Lifted) -> TransitionSketch:
        arrow = lift.arrow
        inside = [self._box(place.id) for place in lift.inside]
        outside = [self._box(place.id) for place in lift.outside]
        way = Way(arrow, len(self.script.ways), inside, outside)
        self.script.ways.append(way)
        move = next(iter(arrow.moves.values()))
        asked: Guard | None = None
        actions: tuple[Handler, ...] = ()
        if not self.silent:
            asked = Predicate(question(self.script, way))
            asked.label = " and ".join(f"{'' if c.target else 'not '}{_name(c.func)}" for c in move.conditions)
            actions = (_handler([*move.before, *move.after], "", step(lambda passage: passage.arrive(way))),)
        for part in (*map(_outside, reversed(outside)), *map(InState, inside)):
            label = part.label
            asked = Both(part, asked) if asked is not None else part
            asked.label = asked.label if not asked.label.endswith(" and ") else label
        return TransitionSketch(
            self._box(lift.source.id) if lift.source is not None else "",
            Trigger("event", names=(arrow.trigger,)),
            (self._box(arrow.target),) if arrow.target is not None else (),
            asked,
            actions,
            name=arrow.trigger,
            where=arrow.where,
        )

    def _timeout(self, place: Place) -> Iterator[TransitionSketch]:
        seconds = getattr(place.state, "timeout", 0)
        if seconds:
            box = self._box(place.id)
            trigger = Trigger("after", key=f"after:{box}#timeout", delay_ms=round(seconds * 1000))
            action = _handler(place.callbacks["on_timeout"], "timeout", timeout(self.script, place))
            yield TransitionSketch(box, trigger, (), None, (action,), name="timeout", where=f"timeout of {place.id!r}")

    def _patience(self, place: Place, unhandled: str) -> Iterator[TransitionSketch]:
        """Where one state ignores what others refuse: an event that nothing takes there, it takes and does nothing."""
        leaf = place.id in self.alone or not place.children
        if unhandled != "raise" or not leaf or not ignores(self.reading, place):
            return
        chain = [p for p in self.reading.places.values() if place.within(p)]
        heard = {a.trigger for a in self.reading.arrows if a.source is None or a.source in {p.id for p in chain}}
        asked = Predicate(lambda machine, event: event.name not in heard)
        asked.label = "without transition"
        yield TransitionSketch(place.id, Trigger("event", names=("*",)), (), asked, name="ignored")


def ignores(reading: Reading, place: Place) -> bool:
    """Whether a state lets events go that it has no transition for."""
    own = place.state.ignore_invalid_triggers
    return bool(reading.machine.ignore_invalid_triggers if own is None else own)


def _outside(state: str) -> Guard:
    return Not(InState(state))


def _handler(callbacks: Iterable[Any], fallback: str, call: Any) -> Handler:
    name = ", ".join(map(_name, callbacks)) or fallback
    return Handler(name, call, call)


def _name(callback: Any) -> str:
    return callback if isinstance(callback, str) else getattr(callback, "__name__", None) or type(callback).__name__


def _before(reading: Reading) -> Iterator[Any]:
    yield from reading.machine.before_state_change
    yield from (callback for move in moves(reading) for callback in move.before)


def _after(reading: Reading) -> Iterator[Any]:
    machine = reading.machine
    yield from (*machine.after_state_change, *machine.finalize_event, *machine.on_final)
    yield from (callback for move in moves(reading) for callback in move.after)
    yield from (c for place in reading.places.values() for c in place.callbacks["on_final"])


def moves(reading: Reading) -> Iterator[Any]:
    """Every transition of the machine."""
    yield from (move for arrow in reading.arrows for move in arrow.moves.values())


def _others(reading: Reading) -> Iterator[Any]:
    yield from reading.machine.prepare_event
    yield from (c for move in moves(reading) for c in (*move.prepare, *move.conditions))
    for place in reading.places.values():
        yield from (*place.callbacks["on_enter"], *place.callbacks["on_exit"])
