"""The call that an implementation serves: known in it, the same on repetition, unknown outside."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm import Context, Done, Event, State, StateMachine, invoke, on
from fsm.service import CurrentCall, current_call
from fsm.service.current import serving


class Go(Event):
    times: int = 1


class Data(Context):
    keys: list[str] = []


class Keys(Protocol):
    async def key(self, number: int) -> str: ...


class Plain:
    def __init__(self) -> None:
        self.calls: list[CurrentCall] = []

    def key(self, number: int) -> str:
        self.calls.append(current_call())
        return current_call().idempotency_key


class Waiting(Plain):
    async def key(self, number: int) -> str:  # type: ignore[override]
        return Plain.key(self, number)


class Machine(StateMachine[Data, Go]):
    keys: Keys

    class A(State, initial=True): ...

    class B(State): ...

    @on(Go, A, to=B)
    async def go(self, ev: Go) -> None:
        self.ctx.keys = [await self.keys.key(1) for _ in range(ev.times)]
        self.ctx.keys += await self.gather(self.keys.key(1), self.keys.key(2))

    @invoke(B)
    async def work(self) -> str:
        return await self.keys.key(1)

    @work.done(to=A)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.keys.append(ev.data)


@pytest.mark.parametrize("implementation", [Plain, Waiting])
def test_every_call_has_a_key_of_its_own_that_is_the_same_on_repetition(implementation: Any) -> None:
    found = []
    for _ in range(2):
        served = implementation()
        r = Machine.rehearse(services={Keys: served}, id="A-1")
        r.send(Go(times=2))
        r.settle()
        assert {(c.service, c.method, c.instance, c.attempt) for c in served.calls} == {("keys", "key", "A-1", 1)}
        assert [c.idempotency_key for c in served.calls] == r.ctx.keys
        found.append(r.ctx.keys)
    assert found[0] == found[1]
    assert len(set(found[0])) == 5


def test_outside_of_an_implementation_there_is_no_call() -> None:
    with pytest.raises(LookupError, match="only known inside a service implementation while a machine calls it"):
        current_call()
    Machine.rehearse(services={Keys: Plain()}).send(Go())
    with pytest.raises(LookupError):
        current_call()


def test_calls_within_calls_come_back_to_the_outer_one() -> None:
    outer, inner = (CurrentCall(key, 1, "A-1", "s", "m") for key in ("outer", "inner"))
    with serving(outer):
        with serving(inner):
            assert current_call() is inner
        assert current_call() is outer
