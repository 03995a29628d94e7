"""A single machine: turns that fail leave nothing behind, invokes work on a copy."""

from __future__ import annotations

import pytest

from fsm import Context, Event, Final, State, StateMachine, after, edge, invoke, on, on_exit
from fsm.errors import HandlerMisuse, RehearsalSuspended, UnhandledError
from fsm.testing.birth import Birth
from fsm.testing.single import Single


class Go(Event): ...


class Stop(Event): ...


class Log(Context):
    """What happened."""

    seen: list[str] = []


class Lamp(StateMachine[Log, Go | Stop]):
    class Off(State, initial=True): ...

    class On(State):
        lit: int = 0

    class Broken(Final): ...

    @on(Go, Off, to=On)
    def light(self) -> None:
        self.ctx.seen.append("light")

    @on(Go, On, to=Broken)
    def break_(self) -> None:
        self.ctx.seen.append("break")
        self.local(self.On)

    off = after("1m", On, to=Off)
    stop = edge(Stop, On, to=Off)

    @invoke(On)
    async def hum(self) -> list[str]:
        return [*self.ctx.seen, str(self.now.minute)]

    keep = hum.done()

    @on_exit(On)
    def dark(self) -> None:
        self.ctx.seen.append("dark")


class Clock:
    now = 60.0
    calendar = None


def test_it_cannot_be_made_without_saying_what_a_turn_lets_out() -> None:
    with pytest.raises(TypeError, match="_committed"):
        Single(Lamp, {}, "a", Clock(), 10)  # type: ignore[abstract]


class Alone(Single):
    """Lets nothing out."""

    def _committed(self, trace: object, begun: object, births: object) -> None:
        self.births: list[Birth] = list(births)  # type: ignore[call-overload]


def test_it_begins_is_asked_and_is_cancelled_without_any_family() -> None:
    one = Alone(Lamp, {}, "a", Clock(), 10)
    one.begin(None)
    assert (one.live.at.ids, one.live.seq, one.can(Go()), one.can(Stop())) == ({"Off"}, 1, True, False)
    one.cancel()
    assert (one.status, one.live.seq, one.can(Go())) == ("cancelled", 2, False)


def test_a_turn_that_fails_puts_timers_invokes_data_and_context_back() -> None:
    r = Lamp.rehearse()
    r.send(Go())
    before = r.snapshot()
    with pytest.raises(HandlerMisuse, match="not active"):
        r.send(Go())
    assert r.snapshot() == before
    assert (r.pending, r.ctx.seen, len(before.timers)) == (("hum",), ["light"], 1)
    assert r.advance("1m").configuration == {"Off"}


def test_an_invoke_that_changes_its_copy_is_told_that_nobody_will_see_it() -> None:
    class Writing(Lamp):
        @invoke(Lamp.On)
        async def hum(self) -> list[str]:
            self.ctx.seen.append("hum")
            return []

        keep = hum.done()

    r = Writing.rehearse()
    r.send(Go())
    with pytest.raises(UnhandledError, match="changed its private copy of the context"):
        r.settle()


def test_a_handler_that_really_waits_is_undone() -> None:
    class Sleep:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield

    class Sleepy(StateMachine[Log, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @on(Go, A, to=B)
        async def go(self) -> None:
            self.ctx.seen.append("go")
            await Sleep()

    r = Sleepy.rehearse()
    with pytest.raises(RehearsalSuspended, match="a handler of Sleepy on 'Go' really waited"):
        r.send(Go())
    assert (r.configuration, r.ctx.seen) == ({"A"}, [])
