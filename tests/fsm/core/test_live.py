"""The data of a state from its entry to its exit, and sends that can be taken back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fsm import (
    Context,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    defer,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
)
from fsm.core.live import Live
from fsm.core.table import table_of
from fsm.errors import ContextInvalid, HandlerMisuse, SnapshotCorrupted, UnhandledError
from tests.fsm.chart.refusal import odd


class Go(Event): ...


class Again(Event): ...


class Fail(Event): ...


class Stop(Event): ...


class Pay(Event):
    n: int = 0


class Log(Context):
    """What happened."""

    seen: list[str] = []


class Line(Context):
    text: str
    amount: int = 0


class Trying(StateMachine[Log, Go | Again | Fail | Stop]):
    """Counts its tries in the state that tries."""

    class Idle(State, initial=True): ...

    class Open(State):
        tries: int = 0
        lines: list[Line] = []

        class A(State, initial=True): ...

        class B(State):
            deep: str = "new"

        class Last(History): ...

    class End(Final): ...

    go = edge(Go, Idle, to=Open)
    inside = edge(Go, Open.A, to=Open.B)
    out = edge(Go, Open.B, to=Idle)
    back = edge(Stop, Idle, to=Open.Last)
    stop = edge(Stop, Open, to=End)

    @guard
    def tired(self) -> bool:
        return self.local(self.Open).tries >= 2

    @on_enter(Open)
    def opened(self) -> None:
        self.ctx.seen.append(f"+{self.local(self.Open).tries}")

    @on_exit(Open)
    def closed(self) -> None:
        self.ctx.seen.append(f"-{self.local(self.Open).tries}")

    @on(Again, Open, to=Open, when=tired, reenter=True)
    def rest(self) -> None: ...

    @on(Again, Open)
    def again(self) -> None:
        mine = self.local(self.Open)
        mine.tries += 1
        mine.lines.append(Line(text=f"try {mine.tries}"))

    @on(Fail, Open.A)
    def fail(self) -> None:
        self.local(self.Open).tries = 100
        raise OSError("no")

    @on(Fail, Open.B, to=Idle)
    def fail_outside(self) -> None:
        self.local(self.Open).tries += 1


def test_data_of_a_state_begins_at_its_entry_and_ends_at_its_exit() -> None:
    r = Trying.rehearse()
    assert r.snapshot().locals == {}
    r.send(Go())
    r.send(Again())
    assert r.snapshot().locals == {"Open": {"tries": 1, "lines": [{"text": "try 1", "amount": 0}]}}
    r.send(Go())
    assert r.snapshot().locals["Open"]["tries"] == 1, "it stays while children come and go"
    assert r.snapshot().locals["Open.B"] == {"deep": "new"}
    r.send(Go())
    assert r.snapshot().locals == {}
    assert r.ctx.seen == ["+0", "-1"], "entry and exit actions see it"
    r.send(Go())
    assert r.snapshot().locals == {"Open": {"tries": 0, "lines": []}}, "and it begins anew, defaults are not shared"


def test_guards_see_it_and_entering_again_resets_it() -> None:
    r = Trying.rehearse()
    r.send(Go())
    for _ in range(2):
        r.send(Again())
    assert r.send(Again()).transitions == ("rest",)
    assert r.snapshot().locals == {"Open": {"tries": 0, "lines": []}}


def test_a_history_brings_back_the_place_and_not_the_data() -> None:
    r = Trying.rehearse()
    for event in (Go(), Again(), Go(), Go()):
        r.send(event)
    r.send(Stop())
    assert r.configuration == {"Open.B"}
    assert r.snapshot().locals == {"Open": {"tries": 0, "lines": []}, "Open.B": {"deep": "new"}}


def test_a_turn_that_fails_leaves_it_as_it_was() -> None:
    r = Trying.rehearse()
    r.send(Go())
    r.send(Again())
    before = r.snapshot()
    with pytest.raises(UnhandledError):
        r.send(Fail())
    assert r.snapshot() == before
    r.send(Again())
    assert r.snapshot().locals["Open"]["tries"] == 2


def test_the_action_of_a_transition_that_left_the_state_cannot_reach_it() -> None:
    r = Trying.rehearse()
    for event in (Go(), Go()):
        r.send(event)
    before = r.snapshot()
    with pytest.raises(HandlerMisuse, match=r"local\(Open\): the state is not active, or declares no fields.*: none\."):
        r.send(Fail())
    assert r.snapshot() == before


def test_it_is_part_of_a_snapshot_exactly() -> None:
    r = Trying.rehearse()
    for event in (Go(), Again(), Go()):
        r.send(event)
    text = r.snapshot().to_json()
    again = Trying.rehearse(snapshot=text)
    assert again.snapshot() == r.snapshot()
    assert again.snapshot().to_json() == text
    again.send(Again())
    assert again.snapshot().locals["Open"]["lines"][1] == {"text": "try 2", "amount": 0}
    assert r.snapshot().to_json() == text, "nothing is shared"


@pytest.mark.parametrize("event", [Stop(), None], ids=["end", "cancel"])
def test_it_is_still_there_for_those_who_look_when_the_machine_has_ended(event: Stop | None) -> None:
    r = Trying.rehearse()
    for given in (Go(), Again()):
        r.send(given)
    if event is None:
        r.cancel()
        assert r.snapshot().locals["Open"]["tries"] == 1
    else:
        r.send(event)
        assert r.snapshot().locals == {}
    assert Trying.rehearse(snapshot=r.snapshot().to_json()).snapshot() == r.snapshot()


@pytest.mark.parametrize("kept", [{"Open": {"tries": "many"}}, {"Open": {"unknown": 1}}, {"Open": 5}, []])
def test_a_snapshot_with_data_that_does_not_fit_is_refused(kept: object) -> None:
    r = Trying.rehearse()
    r.send(Go())
    with pytest.raises(SnapshotCorrupted, match="Trying: the snapshot has data of states that cannot be read"):
        Trying.rehearse(snapshot=replace(r.snapshot(), locals=odd(kept)))


def test_a_snapshot_from_before_the_state_had_data_begins_it_anew() -> None:
    r = Trying.rehearse()
    r.send(Go())
    old = json.loads(r.snapshot().to_json())
    del old["locals"]
    assert Trying.rehearse(snapshot=json.dumps(old)).snapshot().locals["Open"]["tries"] == 0


class Wrong(StateMachine[Log, Go | Stop]):
    class Open(State, initial=True):
        tries: int = 0

    @on(Go, Open)
    def go(self) -> None:
        self.local(self.Open).tries = odd("many")

    @on(Stop, Open)
    def stop(self) -> None:
        odd(self.local(self.Open)).unknown = 1


def test_a_value_that_does_not_fit_its_type_fails_the_turn_that_assigned_it() -> None:
    r = Wrong.rehearse()
    before = r.snapshot()
    with pytest.raises((ContextInvalid, UnhandledError), match="tries"):
        r.send(Go())
    with pytest.raises((ContextInvalid, UnhandledError), match="unknown"):
        r.send(Stop())
    assert r.snapshot() == before


class Counting(State):
    """A pattern with data."""

    n: int = 0
    step: int = 1


class Copies(StateMachine[Log, Go | Stop]):
    """Two regions of one pattern, one of them with another default."""

    class P(Parallel, initial=True):
        class One(Counting): ...

        class Two(One):
            step = 10

    @on(Go)
    def go(self) -> None:
        for state in (self.P.One, self.P.Two):
            mine = self.local(state)
            mine.n += mine.step

    @on(Stop)
    def stop(self) -> None:
        self.local(Counting)


def test_copies_of_a_pattern_have_data_of_their_own() -> None:
    r = Copies.rehearse()
    r.send(Go())
    r.send(Go())
    assert r.snapshot().locals == {"P.One": {"n": 2, "step": 1}, "P.Two": {"n": 20, "step": 10}}


def test_a_pattern_that_stands_for_several_active_states_is_no_answer() -> None:
    r = Copies.rehearse()
    with pytest.raises(
        HandlerMisuse, match=r"local\(Counting\): the state stands for several active states.*P.One, P.Two"
    ):
        r.send(Stop())


def test_a_handler_of_a_pattern_reaches_the_copy_that_is_active() -> None:
    class Shared(StateMachine[Log, Go | Stop]):
        class A(Counting, initial=True): ...

        class B(Counting): ...

        turn = edge(Go, A, to=B)

        @on(Stop)
        def count(self) -> None:
            self.local(Counting).n += 1

    r = Shared.rehearse()
    r.send(Stop())
    assert r.snapshot().locals == {"A": {"n": 1, "step": 1}}
    r.send(Go())
    r.send(Stop())
    assert r.snapshot().locals == {"B": {"n": 1, "step": 1}}


def test_a_machine_that_extends_another_keeps_or_overrides_the_data_of_its_states() -> None:
    class Slow(Trying):
        class Open(Trying.Open):
            tries: int = 1

    r = Slow.rehearse()
    r.send(Go())
    assert r.snapshot().locals == {"Open": {"tries": 1, "lines": []}}
    assert r.send(Again()).configuration == {"Open.A"}
    assert r.snapshot().locals["Open"]["tries"] == 2


def test_an_invoke_cannot_reach_the_data_of_its_state() -> None:
    class Working(StateMachine[Log, Go]):
        class Open(State, initial=True):
            n: int = 0

        @invoke(Open)
        async def work(self) -> int:
            return self.local(self.Open).n

        done = work.done()

    with pytest.raises(UnhandledError, match=r"self\.local inside an invoke"):
        Working.rehearse().settle()


# ---- sends


class Sender(StateMachine[Log, Go | Pay | Again | Stop]):
    class A(State, initial=True): ...

    class B(State): ...

    move = edge(Again, A, to=B)
    later = defer(Pay, B)

    @on(Go, A)
    def go(self) -> None:
        self.send(Pay(n=1), delay="1s", id="x")
        self.send(Pay(n=2), delay="1s", id="y")
        self.send(Pay(n=3), id="x")
        self.send(Pay(n=4))
        self.cancel_send("x")
        self.cancel_send("")
        self.send(Pay(n=5), delay="1s", id="x")

    @on(Stop, A)
    def stop(self) -> None:
        self.cancel_send("x")
        self.cancel_send("nothing of this name")

    @on(Pay, A)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")


def test_what_was_sent_with_a_delay_in_the_same_turn_can_be_taken_back_and_nothing_else_is() -> None:
    r = Sender.rehearse()
    r.send(Go())
    assert r.ctx.seen == ["pay 3", "pay 4"]
    r.advance("2s")
    assert r.ctx.seen == ["pay 3", "pay 4", "pay 2", "pay 5"]


def test_a_name_stands_for_everything_that_was_sent_under_it() -> None:
    r = Sender.rehearse()
    r.send(Go())
    r.send(Go())
    again = Sender.rehearse(snapshot=r.snapshot().to_json())
    again.send(Stop())
    assert [w.id for w in again.snapshot().waiting] == ["y", "y"]


def test_a_turn_that_fails_takes_nothing_back() -> None:
    class Careless(Sender):
        @on(Stop, Sender.A)
        def stop(self) -> None:
            self.cancel_send("x")
            raise OSError("no")

    r = Careless.rehearse()
    r.send(Go())
    before = r.snapshot()
    with pytest.raises(UnhandledError):
        r.send(Stop())
    assert r.snapshot() == before


def test_ordinals_of_sent_events_are_unique_also_when_one_was_taken_back() -> None:
    live = Live("a", table_of(Sender))
    live.send(Pay(n=1), None, "1s", "x")
    live.send(Pay(n=2), None, "1s", "y")
    live.cancel_send("x")
    live.send(Pay(n=3), None, "1s", "z")
    ordinals = [sent.ordinal for sent in live.sent]
    assert len(ordinals) == len(set(ordinals)) == 2
    assert ordinals == sorted(ordinals)
