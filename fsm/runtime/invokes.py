"""The invokes of one instance: each a task owned by the state that started it."""

from __future__ import annotations

import json
from typing import Any

import anyio

from fsm.chart.chart import Invocation
from fsm.chart.event import Event
from fsm.chart.machine import handle
from fsm.core.codec import Codec, event_payload
from fsm.core.occurrence import invoke_failed
from fsm.core.turn import as_problem
from fsm.errors import FsmError, HandlerMisuse, NondeterministicTurn
from fsm.ports.store import Effect
from fsm.runtime.host import INTERRUPTED, Lost, in_turn
from fsm.runtime.journal import Journal
from fsm.runtime.kept import Kept
from fsm.runtime.scope import InvokeScope
from fsm.runtime.work import Work
from fsm.service.contract import Proxy

AGAIN_SECONDS = 1.0
"""How long an invoke waits that met a store in trouble."""


class Invokes:
    """Starts, cancels and finishes the invokes of one instance."""

    def __init__(self, keeper: Kept) -> None:
        self._keeper = keeper
        self.running: dict[tuple[str, int], anyio.CancelScope] = {}

    def begin(self, effect: Effect, *, again: bool = False) -> None:
        """Run an invoke beside the machine, unless it is running."""
        key = (effect.key, effect.generation)
        if key not in self.running and self._keeper.live.invokes.get(effect.key) == effect.generation:
            self.running[key] = anyio.CancelScope()
            self._keeper.host.start_soon(self._run, effect, again)

    def end(self, key: str, generation: int) -> None:
        """Cancel an invoke whose state was left."""
        scope = self.running.pop((key, generation), None)
        if scope is not None:
            scope.cancel()

    def end_all(self) -> None:
        """Cancel everything; after a restart it would be resumed."""
        for key, generation in list(self.running):
            self.end(key, generation)

    def leave(self) -> None:
        """Nothing runs, and nothing will."""
        del self._keeper

    async def _run(self, effect: Effect, again: bool) -> None:
        in_turn.set("")  # an invoke runs beside the machine, also when a turn started it
        keeper, mine = self._keeper, (effect.key, effect.generation)
        scope = self.running.get(mine)
        if scope is None:
            return
        work: Work | None = None
        with scope:
            try:
                work = await self._attempt(effect, again)
            except Lost:
                keeper.host.start_soon(keeper.lose)
                return
            except INTERRUPTED:
                await anyio.sleep(AGAIN_SECONDS)
                if self.running.pop(mine, None) is not None:
                    self.begin(effect, again=True)
                return
        if self.running.get(mine) is scope:
            del self.running[mine]
            if work is not None:
                keeper.add(work)

    async def _attempt(self, effect: Effect, again: bool) -> Work:
        """Do the work once; its outcome as what the machine has to deal with."""
        keeper = self._keeper
        invocation = next(i for i in keeper.live.table.chart.invokes if i.id == effect.key)
        cause = f"invoke:{effect.key}#{effect.generation}"
        journal = Journal(keeper.id, keeper.record.machine, keeper.host, _nothing, keeper.record.fence)
        recorded = await keeper.host.store.calls(keeper.id, cause) if again else ()
        journal.changed = keeper.live.changed
        journal.begin(cause, effect.attempt, recorded)
        try:
            payload = await self._call(invocation, effect, journal)
            journal.check()
            event: Event = keeper.codec.done(invocation, payload)
            name = f"done.invoke.{invocation.id}"
            failure: Exception | None = None
        except Exception as problem:
            failure = journal.fault or problem
            if isinstance(failure, INTERRUPTED):
                raise failure from problem
            event = invoke_failed(keeper.machine.__chart__, invocation, as_problem(failure))[1]
            name = f"error.invoke.{invocation.id}"
            payload = event_payload(event)
        kind = "fault" if isinstance(failure, NondeterministicTurn) else "result"
        return Work(
            kind,
            f"result:{effect.key}#{effect.generation}@{keeper.id}",
            name,
            event,
            payload,
            generation=effect.generation,
            at=keeper.host.clock(),
            again=again,
            failure=failure,
        )

    async def _call(self, invocation: Invocation, effect: Effect, journal: Journal) -> str:
        keeper = self._keeper
        context = keeper.codec.decode_context(effect.context)
        scope = InvokeScope(keeper.id, journal.cause, journal)
        contracts = keeper.host.services.contracts[keeper.record.machine]
        machine = handle(keeper.machine, scope, {n: Proxy(c.methods, scope) for n, c in contracts.items()})
        vars(machine)["ctx"] = context
        cause = json.loads(effect.cause)
        result = await self._limited(invocation, machine, keeper.codec.restore_event(cause["event"], cause["payload"]))
        if _changed(keeper.codec, context, effect.context):
            raise HandlerMisuse(
                f"invoke {invocation.name} changed its private copy of the context, which is thrown away; return the"
                f" result and keep it in a .done handler"
            )
        return keeper.codec.encode_result(invocation, result)

    async def _limited(self, invocation: Invocation, machine: Any, event: Event) -> Any:
        seconds = None if invocation.timeout_ms is None else invocation.timeout_ms / 1000
        given = invocation.work.call(machine, event)
        if not hasattr(given, "__await__"):
            return given
        with anyio.move_on_after(seconds) as limit:
            return await given
        if limit.cancelled_caught:
            raise TimeoutError(f"no answer within {seconds:g} s")
        raise FsmError(f"invoke {invocation.name} was cancelled from inside")


def _changed(codec: Codec, context: Any, was: bytes) -> bool:
    """Whether a context is another one than its bytes say; equal ones may be written in two ways, sets for example."""
    now = codec.encode_context(context, was)
    return now != was and now != codec.encode_context(codec.decode_context(was))


async def _nothing() -> None:
    """An invoke's cause is durable before it starts."""
