"""Random charts that satisfy every definition check: any shape, any mix of edges, nothing unreachable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from tests.oracle.spec import (
    EVENTS,
    FLAGS,
    RAISED,
    Block,
    Burn,
    Count,
    Edge,
    Fail,
    FlagTest,
    Kind,
    Op,
    Put,
    Raise,
    Spec,
    State,
    StateTest,
    Test,
)

DEPTH_MAX = 4
STATES_MAX = 26
HISTORIES = (Kind.SHALLOW, Kind.DEEP)
NO_SOURCES = (*HISTORIES, Kind.FINAL, Kind.CHOICE)


def random_spec(rng: Random, *, plain: bool = False) -> Spec:
    """A chart; the same for the same state of the generator. A plain one has what other notations have, too."""
    fails, work = rng.random() < 0.25, rng.choice(("none", "none", "invokes", "timers"))
    draft = _Draft(rng, fails=fails, work=work, plain=plain)
    draft.states.append(State(0, "", "Machine", Kind.COMPOUND, -1))
    _grow(draft, 0, 0)
    _decorate(draft)
    for _ in range(rng.randint(4, 4 + 2 * len(draft.states))):
        _edge(draft)
    _answers(draft)
    _connect(draft)
    edges = sorted(draft.edges, key=lambda e: not e.inside)
    return Spec(tuple(draft.states), tuple(edges), rng.choice(("raise", "raise", "ignore")))


@dataclass(slots=True)
class _Draft:
    rng: Random
    fails: bool
    work: str
    plain: bool
    states: list[State] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    unguarded: set[tuple[int, str, str]] = field(default_factory=set)

    @property
    def spec(self) -> Spec:
        return Spec(tuple(self.states), tuple(self.edges))

    def below(self, index: int) -> list[int]:
        spec = self.spec
        return [s.index for s in self.states if spec.inside(s.index, index)]


# ---- states


def _grow(draft: _Draft, index: int, depth: int) -> None:
    """Give a composite its children, depth first, so that numbers follow document order."""
    rng, parent = draft.rng, draft.states[index]
    kinds = _child_kinds(draft, parent, depth)
    numbers = []
    counts: dict[str, int] = {}
    for kind in kinds:
        letter = {Kind.FINAL: "F", Kind.SHALLOW: "H", Kind.DEEP: "H", Kind.CHOICE: "C"}.get(kind, "S")
        name = f"{letter}{counts.setdefault(letter, 0)}"
        counts[letter] += 1
        number = len(draft.states)
        numbers.append(number)
        path = f"{parent.id}.{name}" if parent.id else name
        draft.states.append(State(number, path, name, kind, index))
        if kind in (Kind.COMPOUND, Kind.PARALLEL):
            _grow(draft, number, depth + 1)
    initial = None
    if parent.kind is Kind.COMPOUND:
        real = [n for n in numbers if draft.states[n].kind not in HISTORIES]
        likely = [n for n in real if draft.states[n].kind is not Kind.FINAL]
        initial = rng.choice(likely if likely and rng.random() < 0.95 else real)
    draft.states[index] = replace(parent, children=tuple(numbers), initial=initial)


def _child_kinds(draft: _Draft, state: State, depth: int) -> list[Kind]:
    rng, kind = draft.rng, state.kind
    above = draft.states[state.parent].kind if state.index else None
    shallow = depth + 1 < DEPTH_MAX and len(draft.states) < STATES_MAX
    if kind is Kind.PARALLEL:
        options = [Kind.ATOMIC] + [Kind.COMPOUND] * 6 + [Kind.PARALLEL] * 3
        count = 1 if rng.random() < 0.05 else rng.randint(2, 3)
    else:
        options = [Kind.ATOMIC, Kind.ATOMIC, Kind.COMPOUND, Kind.PARALLEL]
        count = rng.randint(1, 3) + (depth == 0)
    if not shallow:
        options = [Kind.ATOMIC]
    kinds = [rng.choice(options) for _ in range(count)]
    if kind is Kind.COMPOUND:
        # a region that cannot end keeps everything around it from being done
        ends = 0.4 if depth == 0 else 0.9 if above is Kind.PARALLEL else 0.5
        kinds += [Kind.FINAL] * (rng.random() < ends) + [Kind.FINAL] * (rng.random() < 0.1)
        kinds += [Kind.CHOICE] * (rng.random() < 0.2 and not draft.plain)
    if depth:
        kinds += [Kind.SHALLOW] * (rng.random() < 0.3) + [Kind.DEEP] * (rng.random() < 0.35)
    rng.shuffle(kinds)
    return kinds


def _decorate(draft: _Draft) -> None:
    """Entry and exit blocks, history defaults, invokes."""
    rng = draft.rng
    for state in list(draft.states[1:]):
        if state.kind in HISTORIES:
            draft.states[state.index] = _history(draft, state)
            continue
        if state.kind is Kind.CHOICE:
            draft.states[state.index] = replace(state, ways=_ways(draft, state))
            continue
        entry = [_block(draft, f"+{state.id}", 0.12)] + [_block(draft, f"+{state.id}'", 0.2)] * (rng.random() < 0.1)
        leave = [_block(draft, f"-{state.id}", 0.12)] + [_block(draft, f"-{state.id}'", 0.2)] * (rng.random() < 0.1)
        works = draft.work == "invokes" and state.kind is not Kind.FINAL and rng.random() < 0.3
        keeps = rng.random() < 0.1 and state.kind is not Kind.FINAL and not draft.plain
        counts = rng.random() < 0.2 and not draft.plain
        if counts:
            entry, leave = ([_counting(block, state.index) for block in blocks] for blocks in (entry, leave))
        draft.states[state.index] = replace(
            state, entry=tuple(entry), exit=tuple(leave), invokes=works, keeps=keeps, counts=counts
        )


def _counting(block: Block, state: int) -> Block:
    return replace(block, ops=(Count(state), *block.ops))


def _ways(draft: _Draft, state: State) -> tuple[int, ...]:
    """Mostly forward, so that choices do not lead to each other for ever."""
    rng = draft.rng
    others = [s.index for s in draft.states[1:] if s.index != state.index]
    forward = [s for s in others if s > state.index]
    options = (
        forward if forward and rng.random() < 0.97 else [s for s in others if not draft.spec.inside(state.index, s)]
    )
    options = options or [s for s in draft.spec.real_children(state.parent) if s != state.index]
    return tuple(rng.sample(options, min(len(options), rng.randint(1, 3))))


def _history(draft: _Draft, state: State) -> State:
    rng = draft.rng
    if rng.random() < 0.4:
        return state
    # a default that is itself a history lies deeper, so that no two lead to each other
    inside = draft.below(state.parent)
    inside = [i for i in inside if draft.states[i].kind not in HISTORIES or draft.states[i].parent != state.parent]
    default: tuple[int, ...] = (rng.choice(inside),)
    if draft.states[state.parent].kind is Kind.PARALLEL and rng.random() < 0.5:
        default = _spread(draft, state.parent) or default
    return replace(
        state, default=default, default_block=_block(draft, f"?{state.id}", 0.2) if rng.random() < 0.6 else None
    )


def _block(draft: _Draft, token: str, busy: float) -> Block:
    rng = draft.rng
    ops: list[Op] = []
    while rng.random() < busy:
        ops.append(Raise(rng.choice(RAISED)) if rng.random() < 0.45 else Put(rng.choice(FLAGS), rng.random() < 0.5))
        if draft.fails and rng.random() < 0.2:
            ops.append(Fail())
    return Block(token, tuple(ops), rng.random() < 0.25)


# ---- edges


def _edge(draft: _Draft) -> None:
    rng = draft.rng
    sources = [s.index for s in draft.states if s.kind not in NO_SOURCES]
    spec = draft.spec
    done = [s for s in sources if s and spec.can_be_done(s)]
    kinds = ["event"] * 12 + ["always"] * 2 + ["done"] * (3 if done else 0) + ["error"] * (2 if draft.fails else 0)
    trigger = rng.choice(kinds + ["after"] * (6 if draft.work == "timers" else 0))
    done += 3 * [s for s in done if draft.states[s].kind is Kind.PARALLEL]
    source = rng.choice(done if trigger == "done" else sources)
    if trigger == "after" and not source:
        trigger = "event"
    event = rng.choice((*EVENTS, *EVENTS, "*")) if trigger == "event" else ""
    _add(draft, source, trigger, event, _targets(draft, source))


def _add(draft: _Draft, source: int, trigger: str, event: str, targets: tuple[int, ...]) -> None:
    rng = draft.rng
    guard = _guard(draft) if rng.random() < 0.4 else ()
    name = f"e{len(draft.edges)}"
    block = _block(draft, f"~{name}", 0.35) if rng.random() < 0.75 else None
    key = (source, trigger, event)
    if trigger in ("always", "done", "error"):
        # what a machine does by itself should come to rest: it needs fuel, or leads forward out of its source
        forward = targets and all(t > source and not draft.spec.inside(t, source) for t in targets)
        if not forward or rng.random() < 0.9:
            guard = (FlagTest("fuel"), *guard)
            block = block or Block(f"~{name}")
            block = replace(block, ops=(Burn(), *block.ops))
    if not guard and trigger != "after" and key in draft.unguarded:
        guard = (FlagTest(rng.choice(FLAGS), rng.random() < 0.3),)
    if not guard:
        draft.unguarded.add(key)
    descend = all(draft.spec.inside(t, source) for t in targets)
    plain = trigger in ("event", "always", "error", "after") and all(isinstance(t, FlagTest) for t in guard)
    within = source > 0 and descend and plain and rng.random() < 0.3
    # every delay is different: what falls due at the same time is another test
    delay = 1000 + 37 * len(draft.edges) if trigger == "after" else 0
    edge = Edge(name, source, trigger, event, targets, guard, rng.random() < 0.2, block, within, delay)
    draft.edges.append(edge)


def _targets(draft: _Draft, source: int) -> tuple[int, ...]:
    rng = draft.rng
    states = range(1, len(draft.states))
    histories = [s for s in states if draft.states[s].kind in HISTORIES]
    parallels = [s for s in states if draft.states[s].kind is Kind.PARALLEL]
    inside = draft.below(source)
    dice = rng.random()
    if dice < 0.14:
        return ()
    if dice < 0.30 and inside:
        return (rng.choice(inside),)
    if dice < 0.36 and source:
        return (source,)
    if dice < 0.48 and histories:
        around = [h for h in histories if draft.spec.inside(source, draft.states[h].parent)]
        # a default inside of the source makes the transition local, the rest of the history's parent stays
        near = [h for h in around if any(draft.spec.inside(t, source) for t in draft.states[h].default)]
        return (rng.choice(rng.choice([options for options in (near, around, histories) if options])),)
    if dice < 0.62 and parallels:
        return _spread(draft, rng.choice(parallels)) or (rng.choice(states),)
    complete = [p for p in parallels if draft.spec.can_be_done(p)]
    if dice < 0.72 and complete:
        return tuple(_finals(draft, rng.choice(complete)))
    return (rng.choice(states),)


def _finals(draft: _Draft, state: int) -> list[int]:
    """A final state of every region, so that all of it is done at once."""
    children = draft.spec.real_children(state)
    if draft.states[state].kind is Kind.PARALLEL:
        return [final for region in children for final in _finals(draft, region)]
    return [draft.rng.choice([c for c in children if draft.states[c].kind is Kind.FINAL])]


def _spread(draft: _Draft, parallel: int) -> tuple[int, ...]:
    """Targets in at least two different regions; none when there are not so many."""
    rng = draft.rng
    regions = draft.spec.real_children(parallel)
    if len(regions) < 2:
        return ()
    targets: list[int] = []
    for region in rng.sample(regions, rng.randint(2, len(regions))):
        below = [region, *draft.below(region)]
        nested = [s for s in below if draft.states[s].kind is Kind.PARALLEL]
        more = _spread(draft, rng.choice(nested)) if nested and rng.random() < 0.3 else ()
        targets += more or (rng.choice(below),)
    return tuple(targets)


def _guard(draft: _Draft) -> tuple[Test, ...]:
    rng = draft.rng
    active = [s.index for s in draft.states[1:] if s.kind not in HISTORIES]
    tests: list[Test] = []
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.7:
            tests.append(FlagTest(rng.choice(FLAGS), rng.random() < 0.3))
        else:
            tests.append(StateTest(rng.choice(active), rng.random() < 0.4))
    return tuple(tests)


def _answers(draft: _Draft) -> None:
    """Edges for the answers of invokes; most failures have one, since one without fails the turn."""
    rng = draft.rng
    for state in [s for s in draft.states if s.invokes]:
        for trigger in ("answered", "failed"):
            for _ in range(rng.choice((0, 1, 1, 1, 2))):
                _add(draft, state.index, trigger, "", _targets(draft, state.index))


def _connect(draft: _Draft) -> None:
    """Lead edges to what cannot be reached."""
    rng = draft.rng
    while True:
        reached = reachable(draft.spec)
        lost = [s.index for s in draft.states if s.index not in reached and s.kind not in HISTORIES]
        if not lost:
            return
        sources = [s for s in sorted(reached) if draft.states[s].kind not in NO_SOURCES]
        _add(draft, rng.choice(sources), "event", rng.choice(EVENTS), (rng.choice(lost),))


def reachable(spec: Spec) -> set[int]:
    """The states that edges lead to, guards and events left aside."""
    reached: set[int] = set()
    waiting = [0]
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        state = spec.states[at]
        waiting += spec.ancestors(at)
        if state.kind is Kind.COMPOUND and state.initial is not None:
            waiting.append(state.initial)
        if state.kind is Kind.PARALLEL:
            waiting += spec.real_children(at)
        if state.kind in HISTORIES:
            parent = spec.states[state.parent]
            waiting += state.default
            if not state.default:
                waiting += [parent.initial] if parent.initial is not None else spec.real_children(state.parent)
        waiting += [*state.ways, *(t for e in spec.edges if e.source == at for t in e.targets)]
    return reached
