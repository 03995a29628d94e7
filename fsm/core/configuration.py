"""Interned configurations, each with a lazily grown decision tree for every kind of event.

A tree asks guards in exactly the order of the algorithm and ends in a plan. Nothing is worked out before it is needed,
nothing twice; the table of a machine is bounded and can be emptied at any time, since instances keep what they use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from fsm.chart.chart import ALWAYS, Chart, Node, Transition
from fsm.chart.guard import Predicate, Question, fold
from fsm.chart.state import Kind, Vertex
from fsm.core.domain import Histories, domain, exit_set
from fsm.core.plan import Plan, begin, build, stop
from fsm.errors import NotAccepted
from fsm.limits import KEYS_MAX, NODES_MAX

Key = Any
"""What identifies an occurrence: the class of an event, or the name of a timer, a done or an invoke."""


class Nothing:
    """The end of a tree that takes no transition; `refused` when guards said no."""

    __slots__ = ("refused",)

    def __init__(self, *, refused: bool) -> None:
        self.refused = refused


class Ask:
    """One guard to ask; its branches are grown when they are first needed."""

    __slots__ = ("_grow", "no", "question", "short", "transition", "yes")

    def __init__(
        self, transition: Transition, question: Callable[..., Any], short: bool, grow: Callable[[bool], Tree]
    ) -> None:
        self.transition, self.question, self._grow = transition, question, grow
        self.short = short
        """Whether the question takes the machine alone."""
        self.yes: Tree | None = None
        self.no: Tree | None = None

    def branch(self, answer: bool) -> Tree:
        """The tree below an answer."""
        tree = self._grow(answer)
        if answer:
            self.yes = tree
        else:
            self.no = tree
        return tree


class Decide:
    """A choice to make; what follows from an answer is grown when it is first given."""

    __slots__ = ("_grow", "_known", "choice", "ways")

    def __init__(self, choice: Node, ways: Sequence[Transition], grow: Callable[[int], Tree]) -> None:
        self.choice, self.ways, self._grow = choice, tuple(ways), grow
        self._known: dict[int, Tree] = {}

    def branch(self, way: Transition) -> Tree:
        """The tree below an answer."""
        tree = self._known.get(way.index)
        if tree is None:
            tree = self._known[way.index] = self._grow(way.index)
        return tree


class Remember:
    """The end of a tree whose plan depends on recorded histories: one plan for each past that was seen."""

    __slots__ = ("chosen", "here", "plans")

    def __init__(self, here: Configuration, chosen: list[Transition]) -> None:
        self.here, self.chosen = here, chosen
        self.plans: dict[tuple[tuple[int, ...] | None, ...], Plan] = {}

    def pick(self, histories: Histories) -> Plan:
        """The plan for this past."""
        past = tuple(histories.get(h) for h in self.here.table.histories)
        plan = self.plans.get(past)
        if plan is None:
            plan = build(self.here, _preempted(self.here, self.chosen, histories), histories)
            if len(self.plans) < NODES_MAX:
                self.plans[past] = plan
        return plan


Tree = Plan | Ask | Decide | Remember | Nothing
_IDLE, _REFUSED = Nothing(refused=False), Nothing(refused=True)


class Configuration:
    """A set of active states, ancestors and the machine itself included, in document order."""

    __slots__ = ("__dict__", "final", "leaves", "quiet", "states", "table", "trees")

    def __init__(self, table: Table, states: tuple[int, ...]) -> None:
        self.table, self.states = table, states
        self.leaves = tuple(s for s in states if not table.chart.nodes[s].children)
        self.trees: dict[Key, Tree] = {}
        self.quiet = not any(table.candidates(leaf, ALWAYS) for leaf in self.leaves)
        """Whether no active state has an eventless transition."""
        self.final = any(
            table.chart.nodes[s].kind is Kind.FINAL and not table.chart.nodes[s].parent for s in self.leaves
        )
        """Whether the machine has ended in it."""

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the active leaves."""
        return frozenset(self.table.chart.ids(self.leaves))

    @cached_property
    def text(self) -> str:
        """The ids of the active leaves as the store keeps them: a JSON list."""
        return json.dumps(sorted(self.ids))

    @cached_property
    def active(self) -> frozenset[str]:
        """The ids of all active states."""
        return frozenset(self.table.chart.ids(self.states[1:]))

    @cached_property
    def end(self) -> Plan:
        """The plan that leaves every active state."""
        return stop(self)

    @cached_property
    def members(self) -> frozenset[int]:
        """The numbers of all active states."""
        return frozenset(self.states)

    def grow(self, key: Key) -> Tree:
        """The tree for a kind of event, worked out now."""
        tree = self._select(key, {})
        if len(self.trees) < KEYS_MAX:
            self.trees[key] = tree
        return tree

    def _select(self, key: Key, answers: dict[int, int]) -> Tree:
        """Select as far as the known answers lead (of guards by transition, of choices by their negated number): a
        question, or the end."""
        chosen: dict[int, Transition] = {}
        possible = False
        held = self.table.held(self, key)
        for leaf in self.leaves:
            for transition in self.table.candidates(leaf, key):
                if transition.source in held:
                    continue
                possible = True
                if transition.trigger.kind == "choose":
                    chosen_way = answers.get(-leaf)
                    if chosen_way is None:
                        return self._decide(key, answers, leaf)
                    chosen.setdefault(chosen_way, self.table.chart.transitions[chosen_way])
                    break
                holds = answers.get(transition.index)
                if holds is None:
                    question = self._fold(transition)
                    if not isinstance(question, bool):
                        return self._ask(key, answers, transition, question)
                    holds = question
                if holds:
                    chosen.setdefault(transition.index, transition)
                    break
        if not chosen:
            return _REFUSED if possible else _IDLE
        ways = list(chosen.values())
        if any(self.table.remembers(t) for t in ways):
            return Remember(self, ways)
        return build(self, _preempted(self, ways, {}), {})

    def _decide(self, key: Key, answers: dict[int, int], leaf: int) -> Decide:
        ways = [t for t in self.table.by_source[leaf] if t.trigger.kind == "choose"]
        return Decide(self.table.chart.nodes[leaf], ways, lambda way: self._select(key, {**answers, -leaf: way}))

    def _ask(self, key: Key, answers: dict[int, int], transition: Transition, question: Question) -> Ask:
        guard = transition.guard
        direct = guard.direct if isinstance(guard, Predicate) else None
        return Ask(
            transition,
            direct or question,
            direct is not None,
            lambda answer: self._select(key, {**answers, transition.index: answer}),
        )

    def _fold(self, transition: Transition) -> bool | Question:
        if transition.guard is None:
            return True
        return fold(transition.guard, self._inside, lambda predicate: predicate.function)

    def _inside(self, state: type[Vertex] | str) -> bool:
        return not self.table.places(state).isdisjoint(self.members)


def _preempted(here: Configuration, chosen: list[Transition], histories: Histories) -> list[Transition]:
    """Resolve conflicts: inner beats outer, then the earlier region wins (removeConflictingTransitions)."""
    if len(chosen) == 1:
        return chosen
    chart = here.table.chart
    leaving = {t.index: set(exit_set(chart, here.states, domain(chart, t, histories))) for t in chosen}
    kept: list[Transition] = []
    for new in chosen:
        rivals = [old for old in kept if leaving[new.index] & leaving[old.index]]
        if all(chart.inside(new.source, old.source) for old in rivals):
            kept = [old for old in kept if old not in rivals]
            kept.append(new)
    return kept


class Table:
    """Everything planned so far for one chart; shared by all instances of a machine."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self._known: dict[tuple[int, ...], Configuration] = {}
        self.written: dict[str, Configuration] = {}
        """Configurations by the texts of rows in which they were found, and found to be legal."""
        self._candidates: dict[tuple[int, Key], tuple[Transition, ...]] = {}
        self.by_source: dict[int, list[Transition]] = {}
        for transition in chart.transitions:
            self.by_source.setdefault(transition.source, []).append(transition)
        self.histories = tuple(n.index for n in chart.nodes if n.kind is Kind.HISTORY)
        self.histories_of: dict[int, list[int]] = {n.index: [] for n in chart.nodes}
        for history in self.histories:
            self.histories_of[chart.nodes[history].parent].append(history)
        self.timers_of: dict[int, list[Transition]] = {}
        for transition in chart.transitions:
            if transition.trigger.kind == "after":
                self.timers_of.setdefault(transition.source, []).append(transition)
        self.deferring = any(n.defers for n in chart.nodes)
        self.parental = any(i.child is not None for i in chart.invokes)
        """Whether invokes run child machines."""
        self.undoing = any(t.undo is not None for t in chart.transitions) or any(
            i.undo is not None or i.undoes is not None for i in chart.invokes
        )
        """Whether something that was done can be undone."""
        self.human = frozenset(i.id for i in chart.invokes if i.person is not None)
        """The ids of human tasks."""
        self.heeding = any(i.finalize is not None or i.forward for i in chart.invokes)
        """Whether invokes have a part in external events."""
        self.local = {n.index: n.data for n in chart.nodes if n.data is not None}
        """The classes of the data that states carry."""
        self.nowhere = Configuration(self, ())
        self.beginning = begin(self.nowhere)

    def configuration(self, states: tuple[int, ...]) -> Configuration:
        """The one configuration with these states."""
        found = self._known.get(states)
        if found is None:
            if len(self._known) >= NODES_MAX + len(self.chart.nodes):
                self.forget()
            found = self._known[states] = Configuration(self, states)
        return found

    def forget(self) -> None:
        """Empty the table; configurations refer to each other, so their trees are emptied as well."""
        for configuration in self._known.values():
            configuration.trees.clear()
        self._known.clear()
        self.written.clear()
        self._candidates.clear()

    def candidates(self, leaf: int, key: Key) -> tuple[Transition, ...]:
        """Transitions that an occurrence may take, seen from one leaf: inner states first, then declaration order."""
        found = self._candidates.get((leaf, key))
        if found is None:
            chain = [leaf, *self.chart.ancestors(leaf)]
            found = tuple(t for s in chain for t in self.by_source.get(s, ()) if t.trigger.matches(key))
            if len(self._candidates) < KEYS_MAX * 8:
                self._candidates[leaf, key] = found
        return found

    def _defers(self, state: int, key: Key) -> bool:
        return any(trigger.matches(key) for trigger in self.chart.nodes[state].defers)

    def held(self, here: Configuration, key: Key) -> frozenset[int]:
        """The states whose edges have to wait, seen from every region: those around a state that keeps such events."""
        keeping = (s for s in here.states if self._defers(s, key)) if self.deferring else ()
        return frozenset(above for state in keeping for above in self.chart.ancestors(state))

    def defers(self, here: Configuration, key: Key) -> bool:
        """Whether an active state keeps such events for later."""
        return self.deferring and any(self._defers(state, key) for state in here.states)

    def keeps(self, here: Configuration, key: Key, refusal: Exception) -> bool:
        """Whether an event that was refused waits for another state."""
        by_policy = self.chart.unhandled == "defer" and isinstance(refusal, NotAccepted)
        return by_policy or self.defers(here, key)

    def listened(self, key: str) -> bool:
        """Whether any transition waits for a done event."""
        return any(t.trigger.matches(key) for t in self.chart.transitions if t.trigger.kind in ("done", "event"))

    def remembers(self, transition: Transition) -> bool:
        """Whether what a transition enters depends on recorded histories."""
        return any(self.chart.nodes[target].kind is Kind.HISTORY for target in transition.targets)

    def places(self, state: type[Vertex] | str) -> frozenset[int]:
        """The numbers of a state in this chart: by its id, or of its class and the copies made by subclassing it."""
        if isinstance(state, str):
            return frozenset({self.chart.index[state]} if state in self.chart.index else ())
        return frozenset(i for cls, i in self.chart.numbers.items() if issubclass(cls, state))
