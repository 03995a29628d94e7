"""An independent interpreter, as naive as it can be: the SCXML Recommendation's appendix D, procedure by procedure.

Names and order of the procedures are those of the W3C pseudocode. Where the project's semantics say something else,
the comment says DEVIATION. Nothing here is clever, and nothing is imported from `fsm`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.oracle.spec import (
    FLAGS,
    FUEL,
    KEPT,
    Block,
    Burn,
    Count,
    Edge,
    Fail,
    FlagTest,
    Kind,
    Put,
    Raise,
    Spec,
    State,
    StateTest,
)

MICROSTEPS_MAX = 250
"""Fewer than the machine's: with so little fuel, what goes on for so long does not end."""
ROOT = 0


class TurnFailed(Exception):
    """The turn is rolled back: an error that nothing handles."""


class TurnEndless(Exception):
    """The turn is rolled back: it does not come to rest."""


class _ActionError(Exception):
    pass


@dataclass(frozen=True)
class Occurrence:
    """An event as the queues hold it."""

    kind: str
    name: str = ""


@dataclass(frozen=True)
class Micro:
    """What one microstep did."""

    event: str
    transitions: tuple[str, ...]
    exited: tuple[str, ...]
    entered: tuple[str, ...]


@dataclass
class Instance:
    """All that changes; copied before a turn, put back when it fails."""

    configuration: set[int] = field(default_factory=set)
    history: dict[int, list[int]] = field(default_factory=dict)
    internal: list[Occurrence] = field(default_factory=list)
    running: bool = True
    flags: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(FLAGS, False))
    fuel: int = FUEL
    log: list[str] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    """States whose invoke runs, in the order in which the invokes began."""
    timers: list[tuple[str, int]] = field(default_factory=list)
    """(name of the edge, due in milliseconds), in the order in which they began."""
    now: int = 0
    data: dict[int, int] = field(default_factory=dict)
    """What active states count."""
    waiting: int = 0
    """How many events were kept."""

    def copy(self) -> Instance:
        """An instance of its own."""
        return Instance(
            set(self.configuration),
            {history: list(past) for history, past in self.history.items()},
            list(self.internal),
            self.running,
            dict(self.flags),
            self.fuel,
            list(self.log),
            list(self.pending),
            list(self.timers),
            self.now,
            dict(self.data),
            self.waiting,
        )


class Interpreter:
    """One instance of a chart."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.now = Instance()
        self.asked: list[str] = []
        """Flags that guards asked for, in order; not undone by a rollback."""
        self.micro: list[Micro] = []
        """The microsteps of the last turn."""
        self.endless = False
        """Whether a turn did not come to rest; which questions it got to before it was stopped does not matter."""
        self._begun: list[int] = []
        self._answers: dict[str, bool] = {}
        self._domains: dict[str, int] = {}
        self._above = {s.index: spec.ancestors(s.index) for s in spec.states}
        self._edges = {s.index: [e for e in spec.edges if e.source == s.index] for s in spec.states}

    # ---- what a test looks at

    @property
    def leaves(self) -> frozenset[str]:
        """Ids of the active atomic states."""
        return frozenset(self.spec.states[s].id for s in self.now.configuration if self.isAtomic(s))

    @property
    def active(self) -> frozenset[str]:
        """Ids of all active states."""
        return frozenset(self.spec.states[s].id for s in self.now.configuration if s != ROOT)

    # ---- what a test does

    def start(self) -> None:
        """Enter the initial state. Raises TurnFailed, TurnEndless."""

        def begin() -> None:
            root = Edge("", ROOT, "start", targets=(ROOT,))
            self.enterStates([root], first=True)
            self.mainEventLoop()

        self._turn(begin)

    def send(self, name: str) -> str:
        """Take one external event: "taken", "kept", "not accepted" or "refused". Raises TurnFailed, TurnEndless."""
        outcome = self._external(Occurrence("event", name), name)
        self.now.waiting += outcome == "kept"
        return outcome

    def answer(self, state: int, kind: str) -> str:
        """The invoke of a state "answered" or "failed"."""
        where = self.now.pending.index(state)
        del self.now.pending[where]
        label = f"{'done' if kind == 'answered' else 'error'}.invoke.work{state}"
        try:
            return self._external(Occurrence(kind, str(state)), label)
        except (TurnFailed, TurnEndless):
            self.now.pending.insert(where, state)
            raise

    def advance(self, milliseconds: int) -> None:
        """Let time pass; timers fire in the order in which they are due."""
        until = self.now.now + milliseconds
        while True:
            due = [(when, i) for i, (_, when) in enumerate(self.now.timers) if when <= until]
            if not due:
                break
            when, i = min(due)
            self.now.now = when
            name = self.now.timers[i][0]
            before = list(self.now.timers)
            del self.now.timers[i]
            try:
                self._external(Occurrence("after", name), f"after:{self._source_of(name)}#{name}")
            except (TurnFailed, TurnEndless):
                self.now.timers = before
                raise
        self.now.now = until

    def _source_of(self, edge: str) -> str:
        return next(self.spec.states[e.source].id for e in self.spec.edges if e.name == edge)

    def offer(self) -> None:
        """Offer what was kept again when the configuration has changed, from the oldest on whenever one was taken."""
        shown = self.micro
        if any(m.entered for m in shown):
            while self.now.running and any(self._taken_now() for _ in range(self.now.waiting)):
                pass
            self.micro = shown

    def _taken_now(self) -> bool:
        self.now.waiting -= 1
        try:
            outcome = self._external(Occurrence("event", KEPT), KEPT, offered=True)
        except (TurnFailed, TurnEndless):
            outcome = "failed"
        self.now.waiting += outcome != "taken"
        return outcome == "taken"

    def _external(self, occurrence: Occurrence, label: str, *, offered: bool = False) -> str:
        outcome = "taken"

        def take() -> None:
            nonlocal outcome
            enabled = self.selectTransitions(occurrence)
            if enabled:
                self.microstep(enabled, label)
            else:
                matching = [t for s in self.now.configuration for t in self._edges[s] if self.matches(t, occurrence)]
                outcome = "refused" if matching else "not accepted"
                if occurrence.kind == "failed":
                    raise TurnFailed  # DEVIATION: an unmatched error is not ignored
                if self._keeping(occurrence):
                    outcome = "kept"
                if offered or outcome == "kept" or (occurrence.kind == "event" and self.spec.unhandled == "raise"):
                    return
            self.mainEventLoop()

        self._turn(take)
        if not offered:
            self.offer()
        return outcome

    def _keeping(self, event: Occurrence) -> list[int]:
        """The active states that keep an event."""
        if event != Occurrence("event", KEPT):
            return []
        return [s for s in self.now.configuration if self.spec.states[s].keeps]

    def _turn(self, work: Callable[[], None]) -> None:
        before = self.now.copy()
        self.micro, self._begun = [], []
        self.now.internal = []
        try:
            work()
        except (TurnFailed, TurnEndless):
            self.now, self.micro = before, []
            raise
        # invokes and timers begin for the states that were entered and are still active, in entry order
        for state in self._begun:
            if self.spec.states[state].invokes and self.now.running:
                self.now.pending.append(state)
            for edge in self._edges[state]:
                if edge.trigger == "after" and self.now.running:
                    self.now.timers.append((edge.name, self.now.now + edge.delay_ms))

    # ---- the main loop

    def mainEventLoop(self) -> None:
        while self.now.running:
            enabled = self.selectEventlessTransitions()
            label = ""
            if not enabled:
                if not self.now.internal:
                    return
                event = self.now.internal.pop(0)
                label = {"done": f"done.state.{event.name}", "error": "error.execution"}.get(event.kind, event.name)
                enabled = self.selectTransitions(event)
                if not enabled and event.kind == "error":
                    raise TurnFailed  # DEVIATION: an unmatched error is not ignored
            if enabled:
                self.microstep(enabled, label)
        self.exitInterpreter()

    def exitInterpreter(self) -> None:
        left = self.exitOrder(s for s in self.now.configuration if s != ROOT)
        for s in left:
            self.execute(self.spec.states[s].exit)
        self.micro.append(Micro("stop", (), self.ids(left), ()))
        self.now.pending, self.now.timers, self.now.waiting = [], [], 0
        if any(e.kind == "error" for e in self.now.internal):
            raise TurnFailed  # DEVIATION: nothing can handle it any more

    # ---- selection

    def selectEventlessTransitions(self) -> list[Edge]:
        return self._select(Occurrence("always"))

    def selectTransitions(self, event: Occurrence) -> list[Edge]:
        return self._select(event)

    def _select(self, event: Occurrence) -> list[Edge]:
        self._answers = {}
        enabled: list[Edge] = []
        for state in self.documentOrder(s for s in self.now.configuration if self.isAtomic(s)):
            found = self._first(state, event)
            if found is not None and found not in enabled:
                enabled.append(found)
        return self.removeConflictingTransitions(enabled)

    def _first(self, state: int, event: Occurrence) -> Edge | None:
        if event.kind == "always" and self.spec.states[state].kind is Kind.CHOICE:
            return self._decide(self.spec.states[state])
        waits = {above for s in self._keeping(event) for above in self.getProperAncestors(s, None)}
        for s in [state, *self.getProperAncestors(state, None)]:
            for t in self._edges[s]:
                if s not in waits and self.matches(t, event) and self.conditionMatch(t):
                    return t
        return None

    def _decide(self, choice: State) -> Edge:
        way = choice.ways[-1]
        for flag, first in zip(FLAGS, choice.ways[:-1], strict=False):
            self.asked.append(flag)
            if self.now.flags[flag]:
                way = first
                break
        return Edge(f"decide{choice.index}.{self.spec.states[way].name}", choice.index, "choose", targets=(way,))

    def matches(self, t: Edge, event: Occurrence) -> bool:
        if t.trigger != event.kind:
            return False
        match event.kind:
            case "event":
                wanted, given = t.event.split("."), event.name.split(".")
                return t.event == "*" or given[: len(wanted)] == wanted
            case "done":
                return self.spec.states[t.source].id == event.name
            case "answered" | "failed":
                return str(t.source) == event.name
            case "after":
                return t.name == event.name
            case _:
                return True

    def conditionMatch(self, t: Edge) -> bool:
        """DEVIATION: a guard is asked once per microstep, also when several atomic states inherit the transition."""
        if t.name not in self._answers:
            self._answers[t.name] = self._ask(t)
        return self._answers[t.name]

    def _ask(self, t: Edge) -> bool:
        for test in t.guard:
            match test:
                case FlagTest():
                    self.asked.append(test.name)
                    holds = self.now.fuel > 0 if test.name == "fuel" else self.now.flags[test.name]
                case StateTest():
                    holds = test.state in self.now.configuration
            if holds is test.negated:
                return False
        return True

    def removeConflictingTransitions(self, enabled: list[Edge]) -> list[Edge]:
        filtered: list[Edge] = []
        for t1 in enabled:
            preempted = False
            remove: list[Edge] = []
            for t2 in filtered:
                if self.computeExitSet([t1]) & self.computeExitSet([t2]):
                    if self.isDescendant(t1.source, t2.source):
                        remove.append(t2)
                    else:
                        preempted = True
                        break
            if not preempted:
                filtered = [t for t in filtered if t not in remove]
                filtered.append(t1)
        return filtered

    # ---- one microstep

    def microstep(self, enabled: list[Edge], label: str) -> None:
        # DEVIATION: the pseudocode computes a domain again for the entry, when the histories recorded by the exit may
        # have changed it; a transition has one domain
        self._domains = {t.name: self.getTransitionDomain(t) for t in enabled if t.targets}
        exited = self.exitStates(enabled)
        self.executeTransitionContent(enabled)
        entered = self.enterStates(enabled)
        self.micro.append(Micro(label, tuple(t.name for t in enabled), self.ids(exited), self.ids(entered)))
        if len(self.micro) > MICROSTEPS_MAX:
            self.endless = True
            raise TurnEndless

    def exitStates(self, enabled: list[Edge]) -> list[int]:
        leaving = self.exitOrder(self.computeExitSet(enabled))
        for s in leaving:
            for h in self.spec.states[s].children:
                if self.spec.states[h].kind is Kind.DEEP:
                    self.now.history[h] = self.documentOrder(
                        s0 for s0 in self.now.configuration if self.isAtomic(s0) and self.isDescendant(s0, s)
                    )
                elif self.spec.states[h].kind is Kind.SHALLOW:
                    self.now.history[h] = self.documentOrder(
                        s0 for s0 in self.now.configuration if self.spec.states[s0].parent == s
                    )
        for s in leaving:
            self.execute(self.spec.states[s].exit)
            self.now.pending = [p for p in self.now.pending if p != s]
            mine = [e.name for e in self._edges[s] if e.trigger == "after"]
            self.now.timers = [t for t in self.now.timers if t[0] not in mine]
            self._begun = [b for b in self._begun if b != s]
            self.now.data.pop(s, None)
            self.now.configuration.remove(s)
        return leaving

    def computeExitSet(self, transitions: list[Edge]) -> set[int]:
        leaving: set[int] = set()
        for t in transitions:
            if t.targets:
                domain = self.getTransitionDomain(t)
                leaving |= {s for s in self.now.configuration if self.isDescendant(s, domain)}
        return leaving

    def executeTransitionContent(self, enabled: list[Edge]) -> None:
        for t in enabled:
            if t.block is not None:
                self.execute((t.block,))

    def enterStates(self, enabled: list[Edge], *, first: bool = False) -> list[int]:
        to_enter: set[int] = set()
        default_content: dict[int, Block | None] = {}
        self.computeEntrySet(enabled, to_enter, default_content, first=first)
        # DEVIATION: as the Recommendation's prose says and its pseudocode forgets, what is still active is not entered
        entering = self.documentOrder(to_enter - self.now.configuration)
        for s in entering:
            state = self.spec.states[s]
            self.now.configuration.add(s)
            self._begun.append(s)
            if state.counts:
                self.now.data[s] = 0
            self.execute(state.entry)
            content = default_content.get(s)
            if content is not None:
                self.execute((content,))
            if state.kind is Kind.FINAL:
                self._final(state)
        if first:
            self.micro.append(Micro("start", (), (), self.ids(s for s in entering if s != ROOT)))
        return entering

    def _final(self, state: State) -> None:
        if state.parent == ROOT:
            self.now.running = False
            return
        parent = self.spec.states[state.parent]
        self._done(parent)
        above = parent.parent
        # DEVIATION: the Recommendation looks one level up; nested parallels need the whole way
        while self.spec.states[above].kind is Kind.PARALLEL and self.isInFinalState(above):
            self._done(self.spec.states[above])
            above = self.spec.states[above].parent

    def _done(self, state: State) -> None:
        """DEVIATION: a done event that no edge names is not queued; only the number of questions asked shows it."""
        if any(t.trigger == "done" for t in self._edges[state.index]):
            self.now.internal.append(Occurrence("done", state.id))

    def computeEntrySet(
        self, enabled: list[Edge], to_enter: set[int], content: dict[int, Block | None], *, first: bool
    ) -> None:
        for t in enabled:
            if not t.targets:
                continue
            for s in t.targets:
                self.addDescendantStatesToEnter(s, to_enter, content)
            domain = None if first else self._domains[t.name]
            for s in self.getEffectiveTargetStates(t.targets):
                self.addAncestorStatesToEnter(s, domain, to_enter, content)

    def addDescendantStatesToEnter(self, number: int, to_enter: set[int], content: dict[int, Block | None]) -> None:
        state = self.spec.states[number]
        if state.kind in (Kind.SHALLOW, Kind.DEEP):
            if number in self.now.history:
                targets = self.now.history[number]
            else:
                if state.default:
                    content[state.parent] = state.default_block
                targets = self.historyDefault(number)
            for s in targets:
                self.addDescendantStatesToEnter(s, to_enter, content)
            for s in targets:
                self.addAncestorStatesToEnter(s, state.parent, to_enter, content)
            return
        to_enter.add(number)
        if state.kind is Kind.COMPOUND:
            assert state.initial is not None
            self.addDescendantStatesToEnter(state.initial, to_enter, content)
            self.addAncestorStatesToEnter(state.initial, number, to_enter, content)
        elif state.kind is Kind.PARALLEL:
            self.addMissingRegions(number, to_enter, content)

    def addAncestorStatesToEnter(
        self, number: int, ancestor: int | None, to_enter: set[int], content: dict[int, Block | None]
    ) -> None:
        for above in self.getProperAncestors(number, ancestor):
            if above in self.now.configuration:
                return  # DEVIATION, as in enterStates: it and the rest of it are there already
            to_enter.add(above)
            if self.spec.states[above].kind is Kind.PARALLEL:
                self.addMissingRegions(above, to_enter, content)

    def addMissingRegions(self, parallel: int, to_enter: set[int], content: dict[int, Block | None]) -> None:
        for child in self.spec.real_children(parallel):
            if not any(self.isDescendant(s, child) for s in to_enter):
                self.addDescendantStatesToEnter(child, to_enter, content)

    # ---- small procedures

    def historyDefault(self, history: int) -> list[int]:
        """DEVIATION: without a default transition, what the parent enters by default."""
        state = self.spec.states[history]
        if state.default:
            return list(state.default)
        initial = self.spec.states[state.parent].initial
        return [initial] if initial is not None else self.spec.real_children(state.parent)

    def getTransitionDomain(self, t: Edge) -> int:
        targets = self.getEffectiveTargetStates(t.targets)
        # DEVIATION: "internal" is the default and `reenter` asks for "external"
        internal = not t.reenter and self.spec.states[t.source].kind is Kind.COMPOUND
        if internal and all(self.isDescendant(s, t.source) for s in targets):
            return t.source
        return self.findLCCA([t.source, *targets])

    def findLCCA(self, states: list[int]) -> int:
        for above in self.getProperAncestors(states[0], None):
            if self.spec.states[above].kind is Kind.COMPOUND and all(self.isDescendant(s, above) for s in states[1:]):
                return above
        return ROOT  # an external transition of the machine itself

    def getEffectiveTargetStates(self, targets: Iterable[int]) -> list[int]:
        found: list[int] = []
        for s in targets:
            if self.spec.states[s].kind in (Kind.SHALLOW, Kind.DEEP):
                past = self.now.history.get(s)
                found += self.getEffectiveTargetStates(past if past is not None else self.historyDefault(s))
            else:
                found.append(s)
        return found

    def getProperAncestors(self, state: int, below: int | None) -> list[int]:
        above = self._above[state]
        return above[: above.index(below)] if below in above else above

    def isDescendant(self, state: int, above: int) -> bool:
        return above in self._above[state]

    def isAtomic(self, state: int) -> bool:
        return self.spec.states[state].kind in (Kind.ATOMIC, Kind.FINAL, Kind.CHOICE)

    def isInFinalState(self, number: int) -> bool:
        kind, children = self.spec.states[number].kind, self.spec.real_children(number)
        if kind is Kind.COMPOUND:
            return any(self.spec.states[c].kind is Kind.FINAL and c in self.now.configuration for c in children)
        return kind is Kind.PARALLEL and all(self.isInFinalState(c) for c in children)

    def documentOrder(self, states: Iterable[int]) -> list[int]:
        return sorted(states)

    def exitOrder(self, states: Iterable[int]) -> list[int]:
        return sorted(states, reverse=True)

    def ids(self, states: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.spec.states[s].id for s in states)

    def execute(self, blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            try:
                self._run(block)
            except _ActionError:
                self.now.internal.append(Occurrence("error"))

    def _run(self, block: Block) -> None:
        self.now.log.append(block.token)
        for op in block.ops:
            match op:
                case Raise():
                    if self.now.fuel > 0:
                        self.now.fuel -= 1
                        self.now.internal.append(Occurrence("event", op.event))
                case Burn():
                    self.now.fuel -= 1
                case Count():
                    self.now.data[op.state] += 1
                case Put():
                    self.now.flags[op.flag] = op.value
                case Fail():
                    raise _ActionError
