"""A turn: one event, run to a stable configuration (SCXML Recommendation, appendix D, mainEventLoop).

Written once for every driver: it awaits only when a callable of the user returned an awaitable, and imports nothing
asynchronous. `await turn(...)` runs it beside an event loop; `turn(...).send(None)` runs it without one.

    event ── walk the tree ── microstep ─┐
      ▲                                  │
      └── internal queue ◀── eventless ◀─┘      until nothing is left: stable
"""

from __future__ import annotations

from collections.abc import Awaitable

from fsm.chart.chart import ALWAYS, Transition
from fsm.chart.event import ActionFailed, Event, Failed, Problem, key_of
from fsm.core.configuration import Ask, Configuration, Decide, Key, Nothing, Remember, Tree
from fsm.core.live import Live
from fsm.core.occurrence import action_failed, error_of
from fsm.core.plan import Plan
from fsm.core.step import Taken, event_name
from fsm.errors import (
    CallFailed,
    GuardFailed,
    ItemFailed,
    MicrostepsExceeded,
    NotAccepted,
    NotUndone,
    Refused,
    RehearsalError,
    ServiceError,
    TooFewSucceeded,
    TurnError,
    UnhandledError,
)
from fsm.limits import MICROSTEPS_MAX

STOP = "stop"
"""The key of the last microstep, which leaves every state."""

FATAL = (TurnError, ServiceError, RehearsalError)
"""What no edge can handle: the turn itself has failed."""


Failure = BaseException | None
"""What an error event tells of, where it is known."""


async def turn(
    live: Live, key: Key, event: Event, plan: Plan | None = None, *, failure: Failure = None, strict: bool = True
) -> list[Taken]:
    """Take one external event (or a given first plan) and everything that follows from it.

    The instance is changed in place; the caller undoes it when this raises. Raises NotAccepted or Refused (when
    `strict`) before anything ran; GuardFailed, UnhandledError and MicrostepsExceeded in the middle.
    """
    trace: list[Taken] = []
    here = live.at
    tree = plan or here.trees.get(key) or here.grow(key)
    while True:
        while isinstance(tree, Ask):  # the commonest guards answer at once and need no coroutine
            told = asked(live, tree, key, event)
            answer = told if told is True or told is False else await told
            if live.asked is not None:
                live.asked.append((key, tree.transition, answer))
            tree = (tree.yes if answer else tree.no) or tree.branch(answer)
        if tree.__class__ is not Plan:
            tree = await select(live, tree, key, event)
        if isinstance(tree, Plan):
            trace.append((key, tree, event))
            if tree.moves:
                live.moved = True
            if tree.record:
                live.histories = {**live.histories, **dict(tree.record)}
            if tree.blocks:
                machine = live.begin_content(tree)
                for call, short, where in tree.blocks:
                    try:
                        given = call(machine) if short else call(machine, event)
                        if given is not None and hasattr(given, "__await__"):
                            if live.aside is not None:
                                await live.aside()
                            await given
                    except Exception as problem:
                        failed(live, where, problem)
            here = live.at = tree.next
            if key is STOP:
                return stopped(live, trace)
            if here.final:
                live.finished = True
                key, tree = STOP, here.end
                continue
        elif key is not ALWAYS:
            unmatched(live, key, event, failure)
            if trace and live.table.defers(here, key):
                live.post(event)  # raised in this turn: it waits outside, as every event that is kept
            if strict and not trace:
                raise refusal(live, here, key, tree)
        if not here.quiet and (key is not ALWAYS or isinstance(tree, Plan)):
            key = ALWAYS
        elif live.queue:
            key, event, failure = live.queue.pop(0)
        else:
            return trace
        if len(trace) >= MICROSTEPS_MAX:
            raise endless(live, trace)
        tree = here.trees.get(key) or here.grow(key)


async def start(live: Live, event: Event) -> list[Taken]:
    """Enter the initial states and everything that follows from it."""
    return await turn(live, "start", event, live.table.beginning)


async def leave(live: Live, event: Event, trace: list[Taken]) -> None:
    """Run the exit actions of everything active: a cancel."""
    trace += await turn(live, STOP, event, live.at.end)


def stopped(live: Live, trace: list[Taken]) -> list[Taken]:
    """The machine has ended; an error of its last actions still counts."""
    for key, event, failure in live.queue:
        if failure is not None:
            unmatched(live, key, event, failure)
    return trace if trace[-1][1].exited else trace[:-1]


async def select(live: Live, tree: Tree, key: Key, event: Event) -> Plan | Nothing:
    """Walk a decision tree, asking its guards."""
    while True:
        match tree:
            case Ask():
                told = asked(live, tree, key, event)
                answer = told if isinstance(told, bool) else await told
                if live.asked is not None:
                    live.asked.append((key, tree.transition, answer))
                tree = (tree.yes if answer else tree.no) or tree.branch(answer)
            case Decide():
                tree = tree.branch(await decided(live, tree, event))
            case Remember():
                return tree.pick(live.histories)
            case _:
                return tree


def asked(live: Live, tree: Ask, key: Key, event: Event) -> bool | Awaitable[bool]:
    """The answer of a guard, or what has to be awaited for it."""
    live.acting = False
    try:
        answer = tree.question(live.machine) if tree.short else tree.question(live.machine, event)
        if answer is True or answer is False:
            return answer
        return answered(live, tree, key, answer) if hasattr(answer, "__await__") else bool(answer)
    except FATAL:
        raise
    except Exception as problem:
        return in_doubt(live, tree, key, problem)


async def answered(live: Live, tree: Ask, key: Key, answer: Awaitable[object]) -> bool:
    """The answer of a guard that takes its time."""
    try:
        if live.aside is not None:
            await live.aside()
        return bool(await answer)
    except FATAL:
        raise
    except Exception as problem:
        return in_doubt(live, tree, key, problem)


def in_doubt(live: Live, tree: Ask, key: Key, problem: Exception) -> bool:
    """What a guard that raised counts for: it fails the turn, but in SCXML (section 5.9.1) it is false."""
    if not live.table.chart.forgiving:
        raise _guard_failed(live, tree, key, problem) from problem
    live.fail(action_failed(live.table.chart, tree.transition.name, as_problem(problem)), problem)
    return False


async def decided(live: Live, tree: Decide, event: Event) -> Transition:
    """The way that a choice takes. Raises GuardFailed when it raises, or names none of its ways."""
    chart, choice = live.table.chart, tree.choice
    handler = choice.choice
    assert handler is not None
    live.acting = False
    try:
        answer = handler.call(live.machine, event)
        if hasattr(answer, "__await__"):
            if live.aside is not None:
                await live.aside()
            answer = await answer
    except FATAL:
        raise
    except Exception as problem:
        raise GuardFailed(
            f"{chart.name} {live.id!r}: the choice {choice.id} ({handler.where}) raised {type(problem).__name__}:"
            f" {problem}. Nothing was decided and nothing changed; mend {handler.name} or its service, then retry."
        ) from problem
    places = live.table.places(answer) if isinstance(answer, (type, str)) else frozenset()
    exact = chart.numbers.get(answer) if isinstance(answer, type) else None
    fitting = sorted((t for t in tree.ways if t.targets[0] in places), key=lambda t: t.targets[0] != exact)
    way = fitting[0] if fitting else None
    if way is None:
        ways = ", ".join(chart.nodes[t.targets[0]].id for t in tree.ways)
        raise GuardFailed(
            f"{chart.name} {live.id!r}: the choice {choice.id} ({handler.where}) answered {answer!r}, which is none of"
            f" its ways: {ways}. Nothing was changed; let {handler.name} return one of them, then retry."
        )
    return way


def failed(live: Live, where: str, problem: Exception) -> None:
    """A block of content raised: that becomes an event, and the other blocks go on."""
    if isinstance(problem, FATAL):
        raise problem
    live.fail(action_failed(live.table.chart, where, as_problem(problem)), problem)


def as_problem(failure: BaseException) -> Problem:
    """An exception as data."""
    if isinstance(failure, (CallFailed, ItemFailed)):
        return Problem(kind=failure.kind, message=failure.message, data=failure.data)
    data = failure.data if isinstance(failure, (TooFewSucceeded, NotUndone)) else None
    return Problem(kind=type(failure).__name__, message=str(failure), data=data)


def unmatched(live: Live, key: Key, event: Event, failure: Failure) -> None:
    """An error that nothing handles fails the turn; every other unmatched event is let go."""
    if live.table.chart.forgiving or key == ALWAYS:
        return
    told = error_of(event)
    if told is not None:
        raise unhandled(live, event, *told) from failure


def unhandled(live: Live, event: Event, problem: Problem, source: str) -> UnhandledError:
    """The error for an error event without an edge."""
    fix = (
        f"@{source}.failed(to=…)"
        if isinstance(event, Failed)
        else "`on(ActionFailed, …, to=…)`, or catch it in the action"
        if isinstance(event, ActionFailed)
        else f"a transition on {event_name(key_of(event))!r}"
    )
    return UnhandledError(
        f"{live.table.chart.name} {live.id!r}: {source} failed with {problem.kind}: {problem.message}, and no edge in"
        f" {_states(live)} handles it. Add {fix}; then retry.",
        kind=problem.kind,
        detail=problem.message,
    )


def refusal(live: Live, here: Configuration, key: Key, tree: Tree) -> NotAccepted | Refused:
    """The error for an event that nothing takes."""
    chart, name = live.table.chart, event_name(key)
    if isinstance(tree, Nothing) and tree.refused:
        guards = [
            f"{t.name} needs [{t.guard.label}]"
            for t in dict.fromkeys(t for leaf in here.leaves for t in live.table.candidates(leaf, key))
            if t.guard is not None
        ]
        return Refused(
            f"{chart.name} {live.id!r}: {name!r} refused in {_states(live)}: {', '.join(guards)}. Nothing was changed;"
            f" send it again when the guard holds.",
            event=name,
            instance=live.id,
        )
    return NotAccepted(
        f"{chart.name} {live.id!r}: no edge for {name!r} in {_states(live)}. Accepted here:"
        f" {', '.join(accepted(live)) or 'nothing'}. Add an edge, or give the class unhandled='ignore' or 'defer'.",
        event=name,
        instance=live.id,
    )


async def possible(live: Live, key: Key, event: Event) -> bool:
    """Whether an event would be taken now: its guards are asked, nothing else is done."""
    tree = live.at.trees.get(key) or live.at.grow(key)
    return not isinstance(await select(live, tree, key, event), Nothing)


def accepted(live: Live) -> list[str]:
    """Wire names of the events that have an edge in the active configuration."""
    chart = live.table.chart
    chain = dict.fromkeys(s for leaf in live.at.leaves for s in (leaf, *chart.ancestors(leaf)))
    edges = [t for s in chain for t in live.table.by_source.get(s, ()) if t.trigger.kind == "event"]
    held = {key: live.table.held(live.at, key) for t in edges for key in (*t.trigger.events, *t.trigger.names)}
    return sorted(
        {
            name
            for t in edges
            for key, name in zip((*t.trigger.events, *t.trigger.names), t.trigger.words, strict=True)
            if t.source not in held[key]
        }
    )


def endless(live: Live, trace: list[Taken]) -> MicrostepsExceeded:
    """The error for a macrostep that does not end."""
    last = ", ".join(dict.fromkeys(t.name for _, plan, _ in trace[-20:] for t in plan.transitions))
    return MicrostepsExceeded(
        f"{live.table.chart.name} {live.id!r}: more than {MICROSTEPS_MAX} microsteps for one event, at the end {last}."
        f" Nothing was changed; give these transitions a guard that ends them."
    )


def _guard_failed(live: Live, tree: Ask, key: Key, problem: Exception) -> GuardFailed:
    t = tree.transition
    label = t.guard.label if t.guard is not None else ""
    return GuardFailed(
        f"{live.table.chart.name} {live.id!r}: guard [{label}] of {t.name} ({t.where}) raised"
        f" {type(problem).__name__}: {problem}, on {event_name(key) or 'an eventless transition'!r}. Nothing was"
        f" decided and nothing changed; mend the guard or its service, then retry."
    )


def _states(live: Live) -> str:
    return "{" + ", ".join(sorted(live.at.ids)) + "}"
