"""Heeding: what an external event means to the invokes that are at work, before it is taken.

SCXML Recommendation, appendix D, mainEventLoop: the finalize content of the invoke that it comes from runs first, and
children that are to get a copy get it.
"""

from __future__ import annotations

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, Signal
from fsm.core.configuration import Key
from fsm.core.live import Live
from fsm.core.step import Taken
from fsm.core.turn import failed, turn


async def heed(
    live: Live, key: Key, event: Event, *, failure: BaseException | None = None, strict: bool = True
) -> list[Taken]:
    """Take an external event where invokes have a part in it; otherwise as `turn`."""
    came_from = event.invoke if isinstance(event, Signal) else ""
    for invocation in live.table.chart.invokes:
        if came_from == invocation.id and invocation.finalize is not None:
            try:
                given = invocation.finalize.call(live.begin_content(None), event)
                if hasattr(given, "__await__"):
                    if live.aside is not None:
                        await live.aside()
                    await given
            except Exception as problem:
                failed(live, f"finalize of {invocation.id}", problem)
        if invocation.id in live.invokes and _forwards(invocation, event):
            live.post(event, live.child(invocation.id))
            strict = False
    return await turn(live, key, event, failure=failure, strict=strict)


def _forwards(invocation: Invocation, event: Event) -> bool:
    wanted = invocation.forward
    return wanted if isinstance(wanted, bool) else isinstance(event, wanted)
