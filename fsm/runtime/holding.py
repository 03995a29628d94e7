"""Holding: a turn that sends to a full inbox is taken back, and taken again when there may be room.

    turn ──FULL──▶ taken back ──▶ held ──a while──▶ taken again ──▶ committed
                                    └──for too long──▶ parked with InboxFull

What waits behind it waits in the inbox of its own instance, whose senders are told in turn. Nothing is lost: the event
that the turn was about is still there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from fsm.limits import HELD_SECONDS, HELD_SECONDS_LONGEST, HELD_SECONDS_MAX
from fsm.runtime import parking, rewinding
from fsm.runtime.host import INTERRUPTED, Crowded, Hold, Turned
from fsm.runtime.kept import Kept

logger = logging.getLogger("fsm.runtime")


async def held(keeper: Kept, turned: list[Turned], problem: Crowded, wake: Callable[[], None]) -> bool:
    """Take turns back that found no room, and `wake` their instance when they have waited; park one that has waited too
    long. False where somebody else has it meanwhile."""
    hold, now = keeper.hold, keeper.host.clock()
    rewinding.be(keeper, hold.before)
    again = [one.work for one in turned]
    if keeper.current is not None and keeper.current not in (*again, *keeper.queue):
        again.append(keeper.current)  # its turn was going on
    for work in (*again, *([keeper.current] if keeper.current is not None else [])):
        work.again = True  # its calls are recorded
    controls = [work for work in keeper.queue if work.kind == "control"]
    again += [work for work in keeper.queue if work.kind != "control"]
    keeper.queue.clear()
    keeper.queue.extend([*controls, *again])
    turned.clear()
    hold.since = now if hold.since is None else hold.since
    waited, first = now - hold.since, again[0]
    if waited >= HELD_SECONDS_MAX:
        hold.since = None
        keeper.queue.remove(first)
        try:
            await parking.park(keeper, first, problem.told)
        except INTERRUPTED:
            keeper.queue.appendleft(first)
            return False
        return True
    if not waited:
        logger.warning("%s It is tried again until there is room.", problem)
    hold.on = True
    keeper.host.start_soon(_release, hold, wake, min(max(waited, HELD_SECONDS), HELD_SECONDS_LONGEST))
    return True


async def _release(hold: Hold, wake: Callable[[], None], pause: float) -> None:
    await anyio.sleep(pause)
    hold.on = False
    wake()
