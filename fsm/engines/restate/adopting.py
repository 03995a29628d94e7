"""Adopting: what another engine has left becomes objects, each handed over once."""

from __future__ import annotations

from typing import Any

from fsm.core.undo import UNDO
from fsm.engines.restate.packing import packed
from fsm.engines.restate.server import Server
from fsm.engines.restate.url import RestateUrl
from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Loaded, Store

PAGE = 100
"""Instances that are read in one go."""


async def hand_over(store: Store, url: RestateUrl) -> None:
    """Give every instance of a store to its object; a second time changes nothing. Raises EngineUnreachable."""
    async with Server(url) as server:
        after = ""
        while page := await store.find(after=after, limit=PAGE):
            after = page[-1].id
            for loaded in await store.load_many([record.id for record in page]):
                id = loaded.record.id
                state = state_of(loaded, await store.calls_of(id), await store.attempts(id))
                await server.send(id, {"adopt": state}, f"adopt@{id}")


def state_of(loaded: Loaded, calls: list[CallRow], attempts: list[Attempt]) -> dict[str, Any]:
    """What an object keeps of an instance: of its calls those of causes that are open."""
    causes = {UNDO} | {row.ref for row in loaded.inbox} | {f"invoke:{e.key}#{e.generation}" for e in loaded.effects}
    causes |= {f"timer:{timer.key}#{timer.generation}" for timer in loaded.timers}
    causes |= {loaded.incident.cause} if loaded.incident is not None else set()
    state: dict[str, Any] = {
        "record": packed(loaded.record),
        "inbox": [packed(row) for row in loaded.inbox],
        "timers": [packed(timer) for timer in loaded.timers],
        "effects": [packed(effect) for effect in loaded.effects],
        "calls": [packed(call) for call in calls if call.cause in causes],
        "attempts": [packed(attempt) for attempt in attempts if attempt.cause in causes],
    }
    return state | ({"incident": packed(loaded.incident)} if loaded.incident is not None else {})
