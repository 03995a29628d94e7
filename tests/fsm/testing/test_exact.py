"""Snapshots of a rehearsal are exact."""

from __future__ import annotations

from fsm import Context, Event, State, StateMachine, after, on


class Go(Event): ...


class Seen(Context):
    """What happened."""

    log: list[str] = []


class Lamp(StateMachine[Seen, Go]):
    """On for a second."""

    class Off(State, initial=True): ...

    class On(State): ...

    @on(Go, Off, to=On)
    def light(self) -> None:
        self.ctx.log.append("on")

    dark = after("1s", On, to=Off)


def test_a_snapshot_shares_nothing_with_the_rehearsal() -> None:
    r = Lamp.rehearse()
    r.send(Go())
    before = r.snapshot()
    r.ctx.log.append("later")
    assert before.context.log == ["on"]


def test_a_restored_rehearsal_goes_on_with_its_timer() -> None:
    r = Lamp.rehearse()
    r.send(Go())
    again = Lamp.rehearse(snapshot=r.snapshot().to_json())
    assert again.snapshot() == r.snapshot()
    assert again.advance("1s").configuration == {"Off"}
