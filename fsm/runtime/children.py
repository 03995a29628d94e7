"""Children: machines that the invokes of another machine run, as instances of their own.

    parent's turn enters the state ──▶ the child's record and start, in the same commit
    child's turn reaches its end   ──▶ its output in the parent's inbox, in the same commit
    parent's turn leaves the state ──▶ a cancel in the child's inbox, in the same commit

Each carries the generation of the stay that it belongs to, so that what comes too late is not applied.
"""

from __future__ import annotations

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, Failed, Problem
from fsm.core.codec import event_payload
from fsm.core.effect import Effects
from fsm.core.live import child_id
from fsm.core.occurrence import action_failed, invoke_failed
from fsm.core.step import Taken
from fsm.core.table import codec_of
from fsm.core.turn import as_problem
from fsm.errors import MachineUnknown
from fsm.ports.store import Accepted, Commit, Record, Status, Timer
from fsm.runtime import outbox
from fsm.runtime.definitions import definitions_of
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work

TIMEOUT = "timeout:"
"""How the key of the timer begins that ends a child's time."""


def begin(keeper: Kept, commit: Commit, begun: Effects, trace: list[Taken], now: float) -> None:
    """Begin the children of the invokes that the turn started. Raises MachineUnknown, ContextInvalid."""
    chart = keeper.live.table.chart
    for index, generation, number in begun.invokes_started:
        invocation = chart.invokes[index]
        if invocation.child is None:
            continue
        try:
            machine, data = invocation.child(keeper.self_, trace[number][2])
        except Exception as problem:
            if not chart.forgiving:
                raise
            _not_begun(keeper, commit, invocation, problem, now)
            continue
        name = machine.__chart__.name
        if name not in keeper.host.machines:
            raise MachineUnknown(
                f"{keeper.record.machine} {keeper.id!r}: invoke {invocation.id} runs a {name}, which this orchestrator"
                f" was not given; add it to machines="
            )
        id, codec = child_id(keeper.id, invocation.id, generation), codec_of(machine)
        context = codec.encode_context(data if data is not None else codec.default_context())
        record = outbox.beginning(machine, id, context, now, parent=keeper.id, place=(invocation.id, generation))
        commit.started = [*commit.started, record]
        commit.definitions = [*commit.definitions, *definitions_of([machine], now)]
        start = Accepted(id, f"start@{id}", "start", "{}", lane="start", at=now)
        commit.accepted = [*commit.accepted, start]
        if invocation.timeout_ms is not None:
            due = now + invocation.timeout_ms / 1000
            commit.timers_set = [*commit.timers_set, Timer(keeper.id, TIMEOUT + invocation.id, generation, due)]


def _not_begun(keeper: Kept, commit: Commit, invocation: Invocation, problem: Exception, now: float) -> None:
    del keeper.live.invokes[invocation.id]
    key, event = action_failed(keeper.live.table.chart, f"invoke {invocation.id}", as_problem(problem))
    ref = f"error:{keeper.id}:{keeper.live.seq}:{invocation.id}"
    commit.accepted = [*commit.accepted, Accepted(keeper.id, ref, str(key), event_payload(event), at=now)]


def end(keeper: Kept, commit: Commit, work: Work, ended: list[tuple[str, int]], now: float) -> None:
    """Cancel the children of the invokes that the turn ended, but for one that has just answered."""
    by_id = {i.id: i for i in keeper.live.table.chart.invokes if i.child is not None}
    late = work.key.removeprefix(TIMEOUT) if work.kind == "timer" and work.key.startswith(TIMEOUT) else ""
    for id, generation in [*ended, *([(late, work.generation)] if late else [])]:
        invocation = by_id.get(id)
        if invocation is None:
            continue
        if work.kind != "result" or work.key.split(".", 2)[2] != id or work.generation != generation:
            child = child_id(keeper.id, id, generation)
            cancel = Accepted(child, f"cancel@{child}", "cancel", "{}", lane="control", at=now)
            commit.accepted = [*commit.accepted, cancel]
        if invocation.timeout_ms is not None:
            commit.timers_cleared = [*commit.timers_cleared, (TIMEOUT + id, generation)]


def answer(keeper: Kept, commit: Commit, status: Status, now: float) -> None:
    """Tell the parent that its child has ended: with its output, or that it was cancelled."""
    place = keeper.live.place
    if place is None or not keeper.record.parent:
        return
    invoke, generation = place
    row = lost(keeper.record, invoke, generation, now)
    if status is Status.DONE:
        row.name, row.payload = f"done.invoke.{invoke}", keeper.codec.encode_output(keeper.live.output)
    commit.accepted = [*commit.accepted, row]


def lost(child: Record, invoke: str, generation: int, now: float) -> Accepted:
    """The answer of a child that has ended without one."""
    problem = Problem(kind="Cancelled", message=f"the child {child.id!r} was cancelled")
    ref = f"result:{invoke}#{generation}@{child.parent}"
    payload = event_payload(Failed(error=problem, source=invoke))
    return Accepted(child.parent, ref, f"error.invoke.{invoke}", payload, lane="result", at=now)


def timed_out(keeper: Kept, work: Work) -> tuple[str, Event]:
    """The failure of a child whose time is over."""
    chart = keeper.live.table.chart
    invocation = next(i for i in chart.invokes if TIMEOUT + i.id == work.key)
    seconds = (invocation.timeout_ms or 0) / 1000
    return invoke_failed(chart, invocation, Problem(kind="TimeoutError", message=f"no answer within {seconds:g} s"))
