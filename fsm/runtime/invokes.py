"""The invokes of one instance: each a task owned by the state that started it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio

from fsm.chart.chart import Invocation
from fsm.chart.event import Event
from fsm.chart.machine import Machine, handle
from fsm.core.codec import event_payload
from fsm.core.fanout import Kinds, Part, Tally, check_unchanged, parts
from fsm.core.occurrence import invoke_failed
from fsm.core.turn import as_problem
from fsm.core.undo import NOTHING, UNDO, Undone, undo_of, undo_parts
from fsm.errors import CallInvalid, FsmError, NondeterministicTurn
from fsm.limits import ANSWER_BYTES_MAX
from fsm.ports.store import CallRow, Effect
from fsm.runtime.fanout import Items
from fsm.runtime.host import INTERRUPTED, Lost, in_turn
from fsm.runtime.journal import Journal
from fsm.runtime.kept import Kept
from fsm.runtime.scope import InvokeScope
from fsm.runtime.work import Work
from fsm.service.contract import Proxy

T = TypeVar("T")
Tell = Callable[[float, str], None]
"""What takes the progress of an invoke."""

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
        mine = effect.key, effect.generation
        scope = self.running.get(mine)
        if scope is None:  # it has ended before it could begin, and the keeper may have left
            return
        keeper = self._keeper
        work: Work | None = None
        with scope:
            try:
                work = await self.attempt(effect, again)
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

    async def attempt(self, effect: Effect, again: bool) -> Work:
        """Do the work once; its outcome as what the machine has to deal with."""
        keeper = self._keeper
        invocation = next(i for i in keeper.live.table.chart.invokes if i.id == effect.key)
        undoing = invocation.undoes is not None
        cause = UNDO if undoing else f"invoke:{effect.key}#{effect.generation}"
        journal = self._journal()
        recorded = await keeper.host.store.calls(keeper.id, cause) if again or undoing else ()
        journal.begin(cause, effect.attempt, recorded if invocation.fan is None and not undoing else ())
        try:
            payload = await self._call(invocation, effect, journal, recorded)
            journal.check()
            if len(payload) > ANSWER_BYTES_MAX:
                raise CallInvalid(
                    f"{keeper.record.machine} {keeper.id!r}: what invoke {invocation.name} answers is {len(payload):,}"
                    f" bytes long, the limit is {ANSWER_BYTES_MAX:,}; answer with a reference."
                )
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

    async def _call(self, invocation: Invocation, effect: Effect, journal: Journal, recorded: Sequence[CallRow]) -> str:
        keeper = self._keeper
        context = keeper.codec.decode_context(effect.context)
        cause = json.loads(effect.cause)
        if "items" not in cause and (invocation.fan is not None or invocation.undoes is not None):
            raise FsmError(f"invoke {invocation.name} was begun without items by an older class; enter its state again")
        board = keeper.host.progress
        tell = board.begin(effect, keeper.record.fence)
        try:
            if invocation.undoes is not None:
                payload = await self._undo(cause, effect, journal, recorded, tell)
            elif invocation.fan is not None:
                payload = await _within(invocation, self._each(invocation, cause, context, journal, recorded, tell))
            else:
                machine = self._machine(journal, journal.cause, context, tell)
                event = keeper.codec.restore_event(cause["event"], cause["payload"])
                given = invocation.work.call(machine, event)
                result = await _within(invocation, given) if hasattr(given, "__await__") else given
                payload = keeper.codec.encode_result(invocation, result)
        finally:
            board.end(effect)
        check_unchanged(keeper.codec, context, effect.context, invocation.name)
        return payload

    async def _each(
        self,
        invocation: Invocation,
        cause: Any,
        context: Any,
        journal: Journal,
        recorded: Sequence[CallRow],
        tell: Tell,
    ) -> str:
        """The work for each item; the answer of all as JSON."""
        assert invocation.fan is not None
        todo, kinds = parts(cause["items"]), Kinds(invocation.fan)
        tally = Tally(invocation, len(todo))

        async def one(part: Part, its: Journal) -> str:
            machine = self._machine(its, f"{journal.cause}/{part[0]}", context, tell)
            given = invocation.work.call(machine, kinds.item(part[1]))
            return kinds.outcome(await given if hasattr(given, "__await__") else given)

        await Items(journal, f"each:{invocation.name}", tally, self._journal, one).run(
            todo, invocation.fan.limit, recorded
        )
        return tally.payload()

    async def _undo(self, cause: Any, effect: Effect, journal: Journal, recorded: Sequence[CallRow], tell: Tell) -> str:
        """The undo of each deed, one after the other; the answer of all as JSON."""
        todo, codec = undo_parts(cause["items"]), self._keeper.codec
        known = Undone(todo)

        async def one(part: Part, its: Journal) -> str:
            work, given = undo_of(codec, part[1])
            context = codec.decode_context(effect.context)
            result = work.call(self._machine(its, f"{UNDO}/{part[0]}", context, tell), given)
            if hasattr(result, "__await__"):
                await result
            check_unchanged(codec, context, effect.context, work.name)
            return NOTHING

        await Items(journal, UNDO, known, self._journal, one).run(todo, 1, recorded)
        return known.payload()

    def _journal(self, item: int | None = None) -> Journal:
        keeper, part = self._keeper, "" if item is None else f"{item}/"
        return type(keeper.journal)(
            keeper.id, keeper.record.machine, keeper.host, _nothing, keeper.record.fence, part=part
        )

    def _machine(self, journal: Journal, cause: str, context: Any, tell: Tell) -> Machine[Any, Any, Any]:
        """The `self` of the work: a private copy of the context, and calls that go through a journal."""
        keeper = self._keeper
        scope = InvokeScope(keeper.id, cause, journal, tell, keeper.record.parent)
        contracts = keeper.host.services.contracts[keeper.record.machine]
        machine = handle(keeper.machine, scope, {n: Proxy(c.methods, scope) for n, c in contracts.items()})
        vars(machine)["ctx"] = context
        return machine


async def _within(invocation: Invocation, work: Awaitable[T]) -> T:
    if invocation.timeout_ms is None:
        return await work
    seconds = invocation.timeout_ms / 1000
    with anyio.move_on_after(seconds) as limit:
        return await work
    if limit.cancelled_caught:
        raise TimeoutError(f"no answer within {seconds:g} s")
    raise FsmError(f"invoke {invocation.name} was cancelled from inside")


async def _nothing() -> None:
    """An invoke's cause is durable before it starts."""
