"""A passage: one trigger on its way through a machine read from `transitions`, with the callbacks in their order.

    prepare_event, prepare, conditions     while transitions are selected, each state's with its own prepare_event
    before_state_change, before            when the first state is left, of all that are taken
    on_exit, on_enter, on_final            as states are left and entered
    after, after_state_change              when all that a transition enters is entered
    finalize_event                         when all of it is done, or every transition was refused

It lives in memory within one turn. A callback that raises fails the turn, unless there is `on_exception`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from transitions import Event as TransitionsEvent
from transitions import EventData, Machine, Transition
from transitions.core import Condition
from transitions.extensions.nesting import NestedEventData

from fsm.chart.event import Event, Problem, Signal
from fsm.core.live import Live
from fsm.core.turn import as_problem
from fsm.errors import GuardFailed, TurnError, UnhandledError
from fsm.interop.transitions_finals import finals
from fsm.interop.transitions_reading import Place
from fsm.interop.transitions_way import Script, Way

KEPT = "passage"
"""Where the passage is kept among the attributes of a machine's `self`."""


class Passage:
    """One trigger, from the first question to the last callback."""

    def __init__(self, script: Script, machine: Any, event: Signal) -> None:
        self.script, self.scope, self.event = script, live_of(machine), event
        source: Machine = script.reading.machine
        self.callbacks = source
        self.states = self.scope.at.members
        """Numbers of the states that the model is in at this moment."""
        self.asked: set[int] = set()
        self.taken: list[Way] = []
        self.open: list[Way] = []
        """What was taken and is not done."""
        self.state = ""
        self.begun = self.moved = self.broken = self.finalized = False
        kind = NestedEventData if script.nested else EventData
        known = source.events.get(event.name) or TransitionsEvent(event.name, source)
        args, kwargs = arguments(event.data)
        self.data: Any = kind(None, known, source, script.model_of(machine), args, kwargs)
        if self.scope.saved is None:  # what a callback changes before the first exit has to be undone as well
            self.scope.saved = machine.ctx.__pydantic_serializer__.to_json(machine.ctx)

    # ---- selection

    async def ask(self, way: Way) -> bool:
        """Whether a transition may be taken; asks its conditions, after what prepares them."""
        self.asked.add(way.index)
        inner = (t.arrow.source for t in self.taken if t.arrow.source != way.arrow.source)
        places, source = self.script.reading.places, way.arrow.source
        if self.broken or any(s is not None and source is not None and places[s].within(places[source]) for s in inner):
            return False  # its event is spent by a state inside of it, or by an error
        move = self.move_of(way)
        state = source or move.source
        self.data.state = self.script.states_of(self.states, state)
        if self.state != state:
            self.state = state
            await self.run(self.callbacks.prepare_event, "prepare_event", guarding=True)
        self.data.transition = move
        await self.run(move.prepare, f"prepare of {way.arrow.where}", guarding=True)
        holds = not self.broken and await self.hold(move.conditions, way)
        if holds:
            self.taken.append(way)
        elif not self.taken and way.index == self.last_question():
            await self.finalize()
        return holds

    async def hold(self, conditions: Iterable[Condition], way: Way) -> bool:
        """Whether all conditions answer what they have to, asked as far as needed."""
        for asked in conditions:
            answers: list[Any] = []
            await self.run([asked.func], f"conditions of {way.arrow.where}", guarding=True, answers=answers)
            if not answers or answers[0] != asked.target:
                return False
        return True

    def last_question(self) -> int:
        """The transition that is asked last when none is taken."""
        at, ways = self.scope.at, self.script.ways
        found = dict.fromkeys(t.index for leaf in at.leaves for t in at.table.candidates(leaf, self.event.name))
        return next((i for i in reversed(found) if i < len(ways) and ways[i].fits(at.active)), -1)

    # ---- execution

    async def begin(self) -> None:
        """Before the first state is left."""
        if self.begun:
            return
        self.begun = True
        self.taken = self.open = self.script.preempted(self.taken)
        for way in self.taken:
            move = self.show(way)
            self.data.state = self.script.states_of(self.states, way.arrow.source or move.source)
            callbacks = [*self.callbacks.before_state_change, *move.before]
            await self.run(callbacks, f"before of {way.arrow.where}", fatal=way.domain is not None)

    async def exit(self, callbacks: Iterable[Any], place: Place, state: int) -> None:
        """A state is left."""
        for way in self.taken:
            if way.domain is not None and self.script.chart.inside(state, way.domain):
                self.show(way)
        await self.run(callbacks, f"on_exit of {place.id}", fatal=True)

    async def arrive(self, way: Way) -> None:
        """Every state is left, none is entered yet: from here on the model says where it will be."""
        await self.begin()
        if not self.moved:
            self.moved = True
            left = {s for t in self.taken if t.domain is not None for s in self.script.below(self.states, t.domain)}
            self.states = self.states.difference(left).union(*(t.entered for t in self.taken))
        if way.domain is None:
            await self.end(way)

    async def enter(self, callbacks: Iterable[Any], place: Place, state: int) -> None:
        """A state is entered."""
        way = next((t for t in self.taken if state in t.entered), None)
        if way is not None:
            self.show(way)
            self.data.state = self.script.states_of(way.entered)
        await self.run(callbacks, f"on_enter of {place.id}")

    async def settle(self, state: int) -> None:
        """The last state of a transition is entered."""
        for way in [t for t in self.open if t.last == state]:
            await self.end(way)

    async def end(self, way: Way) -> None:
        """All of a transition is done but what comes after it."""
        move = self.show(way)
        for callbacks, where in finals(self.script, self.states, way):
            await self.run(callbacks, where)
        callbacks = [*move.after, *self.callbacks.after_state_change]
        await self.run(callbacks, f"after of {way.arrow.where}")
        self.open = [t for t in self.open if t is not way]
        if not self.open:
            self.data.result = not self.broken
            await self.finalize()

    async def finalize(self) -> None:
        """Whatever came of the trigger, this is the last of it."""
        if not self.finalized:
            self.finalized = True
            await self.run(self.callbacks.finalize_event, "finalize_event", anyway=True)

    # ---- callbacks

    def show(self, way: Way) -> Transition:
        """Let callbacks see a transition as the present one."""
        move = self.data.transition = self.move_of(way)
        return move

    def move_of(self, way: Way) -> Transition:
        """The transition of transitions that is taken with a way."""
        moves = way.arrow.moves
        found = (move for source, move in moves.items() if len(moves) == 1 or source in self.scope.at.active)
        return next(found, None) or next(iter(moves.values()))

    async def run(
        self,
        callbacks: Iterable[Any],
        where: str,
        *,
        guarding: bool = False,
        fatal: bool = False,
        anyway: bool = False,
        answers: list[Any] | None = None,
    ) -> None:
        """Run callbacks one after the other; a failing one fails the turn, or is told to `on_exception`."""
        for callback in callbacks:
            if self.broken and not anyway:
                return
            try:
                answer = await self.call(callback)
                if answers is not None:
                    answers.append(answer)
            except TurnError:
                raise
            except Exception as problem:
                failure = self._failure(as_problem(problem), where, guarding)
                await self._tell(problem, failure)
                if fatal or anyway or not self.callbacks.on_exception:
                    try:
                        await self.finalize()
                    finally:
                        raise failure from problem
                self.broken = True

    async def call(self, callback: Any) -> Any:
        """Call one callback with what the trigger carried."""
        function = self.script.callable_of(callback, self.data)
        data = self.data
        answer = function(data) if self.callbacks.send_event else function(*data.args, **data.kwargs)
        return await answer if hasattr(answer, "__await__") else answer

    async def _tell(self, problem: Exception, failure: TurnError) -> None:
        """Tell `on_exception` what went wrong; when that fails as well, the turn fails of the first reason."""
        self.data.error = problem
        for callback in self.callbacks.on_exception:
            try:
                await self.call(callback)
            except Exception as worse:
                raise failure from worse

    def _failure(self, problem: Problem, where: str, guarding: bool) -> TurnError:
        """The error of the turn."""
        chart, kind = self.script.chart, problem.kind
        text = (
            f"{chart.name} {self.scope.id!r}: {where} failed on {self.event.name!r} with {kind}: {problem.message}."
            f" Nothing was changed; mend the callback, then retry."
        )
        return GuardFailed(text) if guarding else UnhandledError(text, kind=kind, detail=problem.message)


def live_of(machine: Any) -> Live:
    """The moving parts of the instance that a handler works for."""
    scope = machine._scope
    assert isinstance(scope, Live)
    return scope


def arguments(data: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a payload gives to callbacks: a dict keywords, with positional ones under "*"; a list positional ones."""
    if isinstance(data, dict):
        return tuple(data.get("*", ())), {str(key): value for key, value in data.items() if key != "*"}
    if isinstance(data, (list, tuple)):
        return tuple(data), {}
    return (() if data is None else (data,)), {}


def question(script: Script, way: Way) -> Callable[[Any, Event], Any]:
    """What a transition's guard asks."""

    async def ask(machine: Any, event: Event) -> bool:
        if not isinstance(event, Signal):
            return False
        passage = vars(machine).get(KEPT)
        if passage is None or passage.event is not event or way.index in passage.asked:
            passage = vars(machine)[KEPT] = Passage(script, machine, event)
        return bool(await passage.ask(way))

    return ask


def step(do: Callable[[Passage], Any]) -> Callable[[Any, Event], Any]:
    """A handler that does something with the present passage; starts, ends and timers have none."""

    async def handle(machine: Any, event: Event) -> None:
        passage = vars(machine).get(KEPT)
        if passage is not None and passage.event is event:
            await do(passage)

    return handle


def timeout(script: Script, place: Place) -> Callable[[Any, Event], Any]:
    """A handler for the time of a state that is up; the callbacks get nothing but the model."""

    async def handle(machine: Any, event: Event) -> None:
        passage = vars(machine)[KEPT] = Passage(script, machine, Signal(name="timeout"))
        passage.data.state = place.state
        await passage.run(place.callbacks["on_timeout"], f"on_timeout of {place.id}")

    return handle
