"""The handlers that the engine calls: one object for each instance, and a service in which invokes run.

Instance.take   exclusive: the state of the object ─▶ turns ─▶ messages, invocations, state, view
Work.run        an invoke, in an invocation of its own ─▶ its result as a message
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from fsm.engines.restate.book import Book
from fsm.engines.restate.packing import packed, text_of
from fsm.engines.restate.sdk import Sdk
from fsm.engines.restate.steps import Cancelled, Interrupted, Steps
from fsm.engines.restate.taking import Message, Taking, invoked
from fsm.errors import StoreError
from fsm.ports.store import Commit, Store, Verdict
from fsm.runtime.fleet import Fleet

ATTEMPTS_MAX: Final = 1_000_000
"""A handler fails only where the view or a class is missing: it is tried until they are back; health tells of it."""
TURN_LIMIT: Final = timedelta(minutes=10)
WORK_LIMIT: Final = timedelta(days=1)
"""For how long a step may be silent."""
KEPT: Final = timedelta(days=7)
"""For how long the engine itself knows a key; after that the view does."""


class Handlers:
    """The handlers of one process."""

    def __init__(self, name: str, fleet: Fleet, sdk: Sdk) -> None:
        self._fleet, self._view, self._sdk = fleet, fleet.store, sdk
        self.object, self.work = f"{name}.Instance", f"{name}.Work"
        retries = sdk.restate.InvocationRetryPolicy(
            initial_interval=timedelta(milliseconds=100),
            exponentiation_factor=2.0,
            max_interval=timedelta(seconds=5),
            max_attempts=ATTEMPTS_MAX,
            on_max_attempts="pause",
        )
        instance = sdk.restate.VirtualObject(
            self.object,
            invocation_retry_policy=retries,
            idempotency_retention=KEPT,
            inactivity_timeout=TURN_LIMIT,
            abort_timeout=TURN_LIMIT,
        )
        work = sdk.restate.Service(
            self.work,
            invocation_retry_policy=retries,
            inactivity_timeout=WORK_LIMIT,
            abort_timeout=TURN_LIMIT,
            ingress_private=True,
        )
        instance.handler("take", input_serde=sdk.bytes, output_serde=sdk.bytes)(self._take)
        work.handler("run", input_serde=sdk.bytes, output_serde=sdk.bytes)(self._run)
        self.application: Any = sdk.restate.app([instance, work])

    async def _take(self, ctx: Any, message: bytes) -> bytes:
        try:
            return text_of(await self._taken(ctx, json.loads(message)))
        except (Cancelled, Interrupted, BaseExceptionGroup) as problem:
            raise self._heard(problem) from problem

    async def _run(self, ctx: Any, message: bytes) -> bytes:
        steps = self._steps(ctx)
        try:
            await steps.begin()
            told = await invoked(self._fleet, steps, json.loads(message))
        except (Cancelled, Interrupted, BaseExceptionGroup) as problem:
            raise self._heard(problem) from problem
        ctx.generic_send(self.object, "take", text_of(told), key=told["row"]["instance"])
        return b"{}"

    async def _taken(self, ctx: Any, message: Message) -> Message:
        steps = self._steps(ctx)
        state = await ctx.get("instance", serde=self._sdk.bytes)
        if "adopt" in message and state is not None:
            return {}  # it has it already
        book = Book(ctx.key(), text_of(message["adopt"]) if "adopt" in message else state)
        await steps.begin()
        taking = Taking(self._fleet, book, steps)
        answer = await taking.take(message)
        if taking.moved:
            shown = book.close()
            await self._let_out(ctx, book, steps.now())
            ctx.set("instance", book.state(), serde=self._sdk.bytes)
            if shown:
                await steps.run("view", lambda: show(self._view, shown))
        return answer

    async def _let_out(self, ctx: Any, book: Book, now: float) -> None:
        """What the turns have begun and ended, and sent."""
        for invocation in book.ended:
            ctx.cancel_invocation(invocation)
        begun: list[tuple[str, Any]] = []
        for timer in book.set:
            text, place = text_of({"timer": packed(timer)}), f"timer:{timer.key}#{timer.generation}"
            begun.append((place, self._send(ctx, book.instance, text, timer.due - now)))
        assert book.record is not None or not book.begun
        for effect in book.begun:
            cause = f"invoke:{effect.key}#{effect.generation}"
            given = {
                "record": packed(book.record),  # type: ignore[arg-type]
                "effect": packed(effect),
                "calls": [packed(row) for row in book.recorded if row.cause in (cause, "undo")],
                "attempts": [packed(row) for row in book.tries if row.cause in (cause, "undo")],
            }
            begun.append((cause, ctx.generic_send(self.work, "run", text_of(given))))
        for row, record in book.sent:
            message: Message = {"row": packed(row)} | ({} if record is None else {"begin": packed(record)})
            self._send(ctx, row.instance, text_of(message), row.not_before - now if row.not_before else 0.0)
        for place, handle in begun:
            book.running[place] = await handle.invocation_id()

    def _send(self, ctx: Any, instance: str, text: bytes, wait: float) -> Any:
        delay = timedelta(milliseconds=math.ceil(wait * 1000)) if wait > 0 else None
        return ctx.generic_send(self.object, "take", text, key=instance, send_delay=delay)

    def _steps(self, ctx: Any) -> Steps:
        sdk = self._sdk
        return Steps(ctx, sdk.restate.RunOptions(serde=sdk.bytes), sdk.terminal, sdk.restate.gather)

    def _heard(self, problem: BaseException) -> BaseException:
        """What the engine wants to hear of, which may be inside of what task groups have made of it."""
        if isinstance(problem, Cancelled):
            return self._sdk.terminal(str(problem), 409)
        if isinstance(problem, Interrupted):
            return problem.__cause__ or problem
        if isinstance(problem, BaseExceptionGroup):
            inner = [self._heard(one) for one in problem.exceptions]
            return next((one for one in inner if isinstance(one, self._sdk.heard)), problem)
        return problem


async def show(view: Store, commits: Sequence[Commit]) -> None:
    """Write into the view what an object has committed, once: the last of the commits raises the fence.

    Raises StoreError where the view is not as the object was before.
    """
    verdicts = await view.commit(commits)
    if verdicts[-1] is Verdict.COMMITTED:
        return
    last = commits[-1]
    loaded = await view.load(last.instance)
    assert last.record is not None
    if loaded is None or loaded.record.fence < last.record.fence:
        raise StoreError(f"the view does not follow {last.instance!r}: {[v.value for v in verdicts]}")
