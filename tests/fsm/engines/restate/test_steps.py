"""Steps of a handler."""

from __future__ import annotations

import contextlib

import anyio
import pytest

from fsm.engines.restate.steps import Cancelled, Interrupted
from tests.fsm.engines.restate.scripted import Scripted, Terminal

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The SDK runs on asyncio."""
    return "asyncio"


async def test_a_step_is_made_once_and_time_moves_with_it() -> None:
    made: list[int] = []

    async def work() -> int:
        made.append(1)
        return 7

    first = Scripted()
    steps = first.steps()
    assert await steps.run("a", work) == 7
    then = steps.now()
    again = Scripted(first.journal).steps()
    assert await again.run("a", work) == 7
    assert (made, again.now()) == ([1], then)


async def test_only_what_a_repeated_handler_makes_first_may_have_begun_before() -> None:
    told: list[bool] = []

    async def life(journal: list[tuple[str, bytes]], *, dies_at: int | None = None) -> None:
        steps = Scripted(journal, dies_at=dies_at).steps()

        async def work() -> None:
            told.append(steps.again)

        for name in "abcd":
            await steps.run(name, work)

    journal: list[tuple[str, bytes]] = []
    with pytest.raises(Interrupted):
        await life(journal, dies_at=2)
    assert told == [False, False]
    await life(journal)
    assert told == [False, False, True, False]


async def test_what_is_made_together_may_all_have_begun_before() -> None:
    steps, told = Scripted([("now", b'{"at": 1, "took": 0, "value": null}')]).steps(), []
    await steps.begin()

    async def call() -> None:
        await steps.run("call", work)

    async def work() -> None:
        told.append(steps.again)

    await steps.together([call, call])
    await call()
    assert told == [True, True, False]


async def test_sleeping_moves_time_too_and_waits_for_nothing_that_is_past() -> None:
    context = Scripted()
    steps = context.steps()
    await steps.begin()
    due = steps.now() + 5
    await steps.until(due)
    await steps.until(due - 1)
    assert (len(context.slept), steps.now()) == (1, due)


async def test_an_engine_that_is_gone_is_no_exception_that_a_machine_could_catch() -> None:
    steps = Scripted(dies_at=0).steps()

    async def careless() -> None:
        with contextlib.suppress(Exception):
            await steps.run("a", anyio.sleep_forever)

    with pytest.raises(Interrupted):
        await careless()


async def test_a_cancelled_invocation_is_none_either() -> None:
    async def work() -> None:
        raise Terminal("cancelled")

    with pytest.raises(Cancelled):
        await Scripted().steps().run("a", work)


async def test_what_is_done_together_takes_the_same_steps_however_long_each_takes() -> None:
    async def life(context: Scripted, waits: list[float]) -> list[str]:
        steps, heard = context.steps(), list[str]()

        def one(name: str, wait: float) -> object:
            async def call() -> None:
                for number in range(3):
                    await steps.run(f"{name}{number}", lambda: anyio.sleep(wait))
                    heard.append(f"{name}{number}")

            return call

        await steps.together([one(n, w) for n, w in zip("abc", waits, strict=True)])  # type: ignore[misc]
        return heard

    first = Scripted()
    heard = await life(first, [0.03, 0.0, 0.01])
    cut = Scripted(first.journal[:4])
    assert await life(cut, [0.0, 0.03, 0.0]) == heard
    assert cut.names == first.names


async def test_what_is_done_together_ends_when_some_end_sooner() -> None:
    context = Scripted()
    steps, done = context.steps(), list[str]()

    async def short() -> None:
        done.append("short")

    async def long() -> None:
        await steps.run("x", anyio.lowlevel.checkpoint)
        await steps.run("y", anyio.lowlevel.checkpoint)
        done.append("long")

    await steps.together([short, long])
    assert done == ["short", "long"]
