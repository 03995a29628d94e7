"""One attempt, in a coroutine or in a thread, ends in time whatever the implementation does."""

from __future__ import annotations

import threading
from typing import Any, Protocol

import anyio
import pytest

from fsm.runtime.calling import Asked, Calling
from fsm.service import CurrentCall, current_call
from fsm.service.contract import Contract

pytestmark = pytest.mark.anyio


class Bank(Protocol):
    async def charge(self, amount: int) -> str: ...


def asked(function: Any, late: list[str] | None = None) -> Asked:
    method = Contract.alone(Bank).methods["charge"]
    current = CurrentCall("k", 1, "A", "bank", "charge")
    return Asked(function, method, (5,), {}, current, (late if late is not None else []).append)


async def test_an_answer_is_recorded_and_one_that_does_not_fit_is_a_failure() -> None:
    async def good(amount: int) -> str:
        return f"{amount} paid"

    async def wrong(amount: int) -> int:
        return amount

    assert await Calling().call(asked(good), 1.0) == ('{"ok":"5 paid"}', None)
    recorded, problem = await Calling().call(asked(wrong), 1.0)
    assert recorded.startswith('{"error":{"kind":"AnswerInvalid"')
    assert problem is None


async def test_an_implementation_that_hangs_is_given_up_with_the_progress_that_it_told() -> None:
    async def hangs(amount: int) -> str:
        current_call().beat("half")
        await anyio.sleep_forever()
        return ""

    recorded, problem = await Calling().call(asked(hangs), 0.02)
    assert recorded == '{"error":{"kind":"TimeoutError","message":"no answer within 0.02 s","data":"half"}}'
    assert isinstance(problem, TimeoutError)


async def test_a_timeout_of_the_implementation_itself_needs_no_limit_of_ours() -> None:
    async def gives_up(amount: int) -> str:
        raise TimeoutError

    recorded, _ = await Calling().call(asked(gives_up), None)
    assert '"message":"no answer"' in recorded


async def test_a_thread_that_answers_late_leaves_its_answer_where_it_is_handed_in() -> None:
    go, late, calling = threading.Event(), list[str](), Calling()
    ended = threading.Event()

    def slow(amount: int) -> str:
        go.wait(3)
        ended.set()
        return "late"

    recorded, _ = await calling.call(asked(slow, late), 0.02)
    assert '"kind":"TimeoutError"' in recorded
    go.set()
    with anyio.fail_after(30):
        while not late:
            calling.hand_in_late()
            await anyio.sleep(0.001)
    assert late == ['{"ok":"late"}']
    assert ended.is_set()


async def test_a_thread_may_beat_and_its_silence_ends_the_attempt() -> None:
    over = threading.Event()

    def works(amount: int) -> str:
        for part in range(5):
            current_call().beat(part)
            over.wait(0.02)
        if amount:
            over.wait(3)
        return "done"

    recorded, _ = await Calling().call(asked(works), None, 0.06)
    assert recorded == '{"error":{"kind":"HeartbeatLost","message":"no beat within 0.06 s","data":4}}'
    over.set()


async def test_a_failure_before_the_silence_is_that_failure() -> None:
    async def fails(amount: int) -> str:
        raise ValueError("no")

    recorded, problem = await Calling().call(asked(fails), None, 5.0)
    assert recorded.startswith('{"error":{"kind":"ValueError"')
    assert isinstance(problem, ValueError)
