"""A birth: a child machine to begin, with the data that it gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fsm.chart.chart import Invocation
from fsm.chart.event import Event
from fsm.chart.machine import Machine
from fsm.core.effect import Effects
from fsm.core.live import Live
from fsm.core.occurrence import action_failed
from fsm.core.step import Taken
from fsm.core.table import codec_of
from fsm.core.turn import as_problem
from fsm.errors import FsmError, UnhandledError

Birth = tuple[Invocation, int, type[Machine[Any, Any, Any]], Any]
"""The invoke, the generation, the class, the data."""


def born(live: Live, begun: Effects, trace: Sequence[Taken]) -> list[Birth]:
    """The children that a turn begins. Raises ContextInvalid for wrong data, UnhandledError when there are none; a
    forgiving machine tells itself instead."""
    chart, found = live.table.chart, list[Birth]()
    for index, generation, number in begun.invokes_started:
        invocation = chart.invokes[index]
        if invocation.child is None:
            continue
        try:
            found.append(_birth(live, invocation, generation, trace[number][2]))
        except Exception as problem:
            if not chart.forgiving:
                raise
            del live.invokes[invocation.id]
            cause = problem.__cause__ if isinstance(problem, UnhandledError) else problem
            live.post(action_failed(chart, f"invoke {invocation.id}", as_problem(cause or problem))[1])
    return found


def _birth(live: Live, invocation: Invocation, generation: int, event: Event) -> Birth:
    assert invocation.child is not None
    try:
        machine, data = invocation.child(live.machine, event)
        codec = codec_of(machine)
        data = codec.decode_context(codec.encode_context(codec.default_context() if data is None else data))
    except FsmError:
        raise
    except Exception as problem:
        kind, detail = type(problem).__name__, str(problem)
        raise UnhandledError(
            f"{live.table.chart.name} {live.id!r}: the data of child {invocation.id} cannot be made: {kind}: {detail}."
            f" Nothing was changed; mend {invocation.work.name}, then retry.",
            kind=kind,
            detail=detail,
        ) from problem
    return invocation, generation, machine, data
