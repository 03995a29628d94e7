"""A plan: one microstep worked out in full, before any of it runs.

`build` is the general algorithm (SCXML Recommendation, appendix D: exitStates, executeTransitionContent, enterStates).
It runs nothing of the user's; its result is immutable and used for every instance in the same situation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fsm.chart.chart import Chart, Handler, Node, Transition
from fsm.chart.state import Kind
from fsm.core.domain import EntrySet, Histories, domain, exit_set
from fsm.core.occurrence import state_done

if TYPE_CHECKING:
    from fsm.core.configuration import Configuration

Call = Callable[..., Any]
Block = tuple[Call, bool, str]
"""One block of executable content: what to call, whether with the machine alone instead of (machine, event), its name
for messages. It gives None, or an awaitable."""


class Plan:
    """A finished microstep: what is left and entered, the blocks to run in order, the configuration that results."""

    __slots__ = ("__dict__", "blocks", "entered", "exited", "moves", "next", "record", "transitions")

    def __init__(
        self,
        transitions: Sequence[Transition],
        exited: Sequence[int],
        entered: Sequence[int],
        blocks: Sequence[Block],
        record: Sequence[tuple[int, tuple[int, ...]]],
        following: Configuration,
        *,
        moves: bool,
    ) -> None:
        self.transitions, self.exited, self.entered = tuple(transitions), tuple(exited), tuple(entered)
        self.blocks = tuple(blocks)
        self.record, self.next = tuple(record), following
        self.moves = moves
        """Whether timers or invokes of the states left or entered begin or end."""

    @cached_property
    def text(self) -> str:
        """The microstep as the journal keeps it, without its event: the inside of a JSON object."""
        chart = self.next.table.chart
        return json.dumps(
            {
                "transitions": [t.name for t in self.transitions],
                "exited": chart.ids(self.exited),
                "entered": chart.ids(tuple(s for s in self.entered if s)),
            },
            separators=(",", ":"),
        )[1:-1]


def build(here: Configuration, transitions: Sequence[Transition], histories: Histories) -> Plan:
    """The microstep that takes these transitions, which do not conflict, in this configuration."""
    chart = here.table.chart
    domains = [domain(chart, t, histories) for t in transitions]
    leaving = {s for within in domains for s in exit_set(chart, here.states, within)}
    exited = sorted(leaving, reverse=True)
    record = [(h, past(chart, here.states, h)) for s in sorted(leaving) for h in here.table.histories_of[s]]
    known = {**histories, **dict(record)}
    entry = EntrySet(chart, known, frozenset(here.states).difference(leaving))
    for transition, within in zip(transitions, domains, strict=True):
        if within is not None:
            entry.add(transition.targets, within)
    blocks = _exits(chart, exited)
    blocks += [_named(a, t.name, chart.nodes[t.source]) for t in transitions for a in t.actions]
    return _arrive(here, transitions, exited, entry, blocks, record)


def begin(here: Configuration) -> Plan:
    """The microstep that enters the initial states of the machine."""
    entry = EntrySet(here.table.chart, {})
    entry.add([0], -1)
    return _arrive(here, (), (), entry, [], [])


def stop(here: Configuration) -> Plan:
    """The last microstep: every active state is left in exit order; the configuration and its data stay for those who
    look."""
    nodes = here.table.chart.nodes
    exited = sorted((s for s in here.states if s), reverse=True)
    blocks = [_named(h, "exit", nodes[s]) for s in exited for h in nodes[s].exit]
    return Plan((), exited, (), blocks, (), here, moves=_moves(here, exited))


def past(chart: Chart, states: Sequence[int], history: int) -> tuple[int, ...]:
    """What a history records: active atomic descendants of its parent when deep, else active children."""
    node = chart.nodes[history]
    if node.deep:
        return tuple(s for s in states if chart.inside(s, node.parent) and not chart.nodes[s].children)
    return tuple(s for s in states if chart.nodes[s].parent == node.parent)


def _exits(chart: Chart, exited: Sequence[int]) -> list[Block]:
    blocks = []
    for state in exited:
        node = chart.nodes[state]
        blocks += [_named(h, "exit", node) for h in node.exit]
        if node.data is not None:
            blocks.append((_close(state), False, f"data of {node.id}"))
    return blocks


def _open(node: Node) -> Call:
    return lambda machine, event: machine._scope.locals.__setitem__(node.index, node.data())


def _close(state: int) -> Call:
    def close(machine: Any, event: Any) -> None:
        machine._scope.locals.pop(state, None)

    return close


def _arrive(
    here: Configuration,
    transitions: Sequence[Transition],
    exited: Sequence[int],
    entry: EntrySet,
    blocks: list[Block],
    record: Sequence[tuple[int, tuple[int, ...]]],
) -> Plan:
    chart, table = here.table.chart, here.table
    present = set(here.states).difference(exited)
    entered = sorted(entry.states.difference(present))
    for state in entered:
        node = chart.nodes[state]
        present.add(state)
        if node.data is not None:
            blocks.append((_open(node), False, f"data of {node.id}"))
        blocks += [_named(h, "entry", node) for h in node.entry]
        if state in entry.entered_by_default:
            blocks += [_named(h, "initial", node) for h in node.initial_actions]
        if state in entry.defaults:
            history = chart.nodes[entry.defaults[state]]
            blocks += [_named(h, "default", history) for h in history.default_actions]
        if node.kind is Kind.FINAL:
            blocks += _finished(table.listened, chart, node, present)
    following = table.configuration(tuple(sorted(present)))
    moves = _moves(here, [*exited, *entered])
    return Plan(transitions, exited, entered, blocks, record, following, moves=moves)


def _moves(here: Configuration, states: Sequence[int]) -> bool:
    return any(s in here.table.timers_of or here.table.chart.nodes[s].invokes for s in states)


def _named(handler: Handler, role: str, node: Node) -> Block:
    call = handler.function if handler.short else handler.call
    return call, handler.short, f"{handler.name} ({role} of {node.id or node.name})"


def _finished(listened: Callable[[str], bool], chart: Chart, node: Node, present: set[int]) -> list[Block]:
    """What entering a final state queues: done of its parent, then of every parallel that is complete by it."""
    if node.parent == 0:
        return [] if node.output is None else [(_output(node.output), False, f"end in {node.id}")]
    parent = chart.nodes[node.parent]
    blocks = []
    if node.output is not None or listened(f"done.state.{parent.id}"):
        blocks.append((_done(chart, parent, node), False, f"done of {parent.id}"))
    above = chart.nodes[parent.parent]
    while above.kind is Kind.PARALLEL and is_final(chart, above, present):
        if listened(f"done.state.{above.id}"):
            blocks.append((_done(chart, above, None), False, f"done of {above.id}"))
        above = chart.nodes[above.parent]
    return blocks


def is_final(chart: Chart, node: Node, present: set[int]) -> bool:
    """Whether a composite is in a final state: a parallel when all its regions are, also nested ones."""
    if node.kind is Kind.PARALLEL:
        return all(is_final(chart, chart.nodes[c], present) for c in node.children)
    return any(c in present and chart.nodes[c].kind is Kind.FINAL for c in node.children)


def _done(chart: Chart, parent: Node, final: Node | None) -> Call:
    output = final.output if final is not None else None

    def tell(machine: Any, data: Any) -> None:
        machine._scope.queue.append((*state_done(chart, parent.index, data), None))

    def done(machine: Any, event: Any) -> Any:
        given = None if output is None else output.call(machine, event)
        if hasattr(given, "__await__"):
            return later(machine, given)
        tell(machine, given)
        return None

    async def later(machine: Any, given: Any) -> None:
        tell(machine, await given)

    return done


def _output(output: Handler) -> Call:
    def end(machine: Any, event: Any) -> Any:
        given = output.call(machine, event)
        if hasattr(given, "__await__"):
            return later(machine, given)
        machine._scope.output = given
        return None

    async def later(machine: Any, given: Any) -> None:
        machine._scope.output = await given

    return end
