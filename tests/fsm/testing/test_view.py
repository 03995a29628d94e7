"""What can be seen of a rehearsal is what it is at that moment."""

from __future__ import annotations

from datetime import timedelta

from fsm import Context, Event, Final, State, StateMachine, on, output
from fsm.testing.rehearsal import EPOCH


class Add(Event):
    by: int = 1


class Stop(Event): ...


class Sum(Context):
    n: int = 0


class Adding(StateMachine[Sum, Add | Stop, int]):
    class On(State, initial=True):
        class Waiting(State, initial=True): ...

    class End(Final): ...

    @on(Add, On)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by
        self.send(Add(), to="elsewhere")

    @on(Stop, On, to=End)
    def stop(self) -> None: ...

    @output(End)
    def total(self) -> int:
        return self.ctx.n


def test_a_view_shows_where_the_machine_stands_and_what_it_did() -> None:
    r = Adding.rehearse(id="a")
    r.send(Add(by=2))
    assert (r.machine, r.id, r.status, r.done, r.output) == (Adding, "a", "running", False, None)
    assert (r.configuration, r.active) == ({"On.Waiting"}, {"On", "On.Waiting"})
    assert (r.ctx.n, r.pending, r.spawned) == (2, (), [])
    assert [s.to for s in r.sent] == ["elsewhere"]
    assert [m.event for m in r.trace] == ["start", "Add"]


def test_a_view_follows_the_clock_and_the_end() -> None:
    r = Adding.rehearse()
    r.advance("5s")
    assert r.now == EPOCH + timedelta(seconds=5)
    r.send(Stop())
    assert (r.status, r.done, r.output) == ("done", True, 0)
