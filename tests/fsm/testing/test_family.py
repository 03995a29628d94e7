"""A family: children begin with the state that invokes them, end with it, and live on the same clock."""

from __future__ import annotations

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    Parallel,
    State,
    StateMachine,
    after,
    always,
    edge,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import ContextInvalid, SnapshotCorrupted, UnhandledError
from fsm.testing.rehearsal import EPOCH
from tests.fsm.chart.refusal import odd


class Packed(Event): ...


class Stop(Event): ...


class Again(Event): ...


class Hello(Event):
    text: str = ""


class Contents(Context):
    n: int = 0
    seen: list[str] = []


class Parcel(StateMachine[Contents, Packed | Hello, int]):
    """Waits to be packed, at most two hours."""

    class Open(State, initial=True):
        hellos: int = 0

    class Closed(Final): ...

    close = edge(Packed, Open, to=Closed)
    late = after("2h", Open, to=Closed)

    @on_enter(Open)
    def greet(self) -> None:
        if self.parent:
            self.send(Hello(text=f"{self.id} of {self.parent}"), to=self.parent)

    @on(Hello, Open)
    def hello(self) -> None:
        self.local(self.Open).hellos += 1

    @output(Closed)
    def count(self) -> int:
        return self.ctx.n


class Order(StateMachine[Contents, Packed | Stop | Again | Hello]):
    class Packing(State, initial=True): ...

    class Waiting(State): ...

    class Ended(Final): ...

    @invoke(Packing, machine=Parcel, forward=[Packed], timeout="3h")
    def parcel(self) -> Contents:
        return Contents(n=self.ctx.n + 1)

    @parcel.done(to=Waiting)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.n = ev.data

    @parcel.failed(to=Waiting)
    def note(self, ev: Failed) -> None:
        self.ctx.seen.append(f"{ev.error.kind}: {ev.error.message}")

    again = edge(Again, Packing, Waiting, to=Packing)

    @on(Stop, Waiting)
    def late_hello(self) -> None:
        self.send(Hello(text="too late"), to=f"{self.id}/parcel.1")

    stop = edge(Stop, Packing, to=Ended)

    @on(Hello)
    def heard(self, ev: Hello) -> None:
        self.ctx.seen.append(ev.text)


def test_a_child_begins_with_its_state_knows_its_parent_and_answers_with_its_output() -> None:
    r = Order.rehearse(Contents(n=4), id="A-1")
    assert (r.pending, r.ctx.seen) == (("parcel",), ["A-1/parcel.1 of A-1"])
    r.send(Packed())
    assert (r.configuration, r.ctx.n, r.pending) == ({"Waiting"}, 5, ())


def test_every_stay_has_a_child_of_its_own() -> None:
    r = Order.rehearse(id="A")
    r.send(Again())
    assert r.ctx.seen == ["A/parcel.1 of A", "A/parcel.2 of A"]
    r.send(Packed())
    r.send(Again())
    assert (r.ctx.n, r.ctx.seen[-1], r.pending) == (1, "A/parcel.3 of A", ("parcel",))


def test_time_passes_for_children_as_well() -> None:
    r = Order.rehearse()
    r.advance("119m")
    assert r.configuration == {"Packing"}
    r.advance("1m")
    assert (r.configuration, r.ctx.n) == ({"Waiting"}, 1)


def test_a_child_whose_time_is_over_is_a_failure_and_hears_nothing_more() -> None:
    class Slow(Order):
        @invoke(Order.Packing, machine=Parcel, timeout="1h")
        def parcel(self) -> Contents:
            return Contents()

        @parcel.failed(to=Order.Waiting)
        def note(self, ev: Failed) -> None:
            self.ctx.seen.append(f"{ev.error.kind}: {ev.error.message}")

        keep = parcel.done(to=Order.Waiting)

    r = Slow.rehearse()
    r.advance("5h")
    assert r.ctx.seen[1:] == ["TimeoutError: no answer within 3600 s"]
    r.send(Stop())
    assert [s.to for s in r.sent] == ["rehearsal/parcel.1"], "it is nobody of the family any more"


def test_an_answer_by_hand_ends_the_child() -> None:
    r = Order.rehearse()
    assert r.resolve("parcel", 9).transitions == ("keep",)
    assert (r.ctx.n, r.pending) == (9, ())
    r.send(Again())
    assert r.reject("parcel", OSError("wet")).transitions == ("note",)
    assert r.ctx.seen[-1] == "OSError: wet"


def test_the_end_of_the_parent_ends_its_children() -> None:
    left: list[str] = []

    class Told(Parcel):
        @on_exit(Parcel.Open)
        def leave(self) -> None:
            left.append(self.id)

    class Above(Order):
        @invoke(Order.Packing, machine=Told)
        def parcel(self) -> Contents:
            return Contents()

        keep = note = None  # type: ignore[assignment]
        done = parcel.done(to=Order.Waiting)

    Above.rehearse(id="a").send(Stop())
    Above.rehearse(id="b").cancel()
    assert left == ["a/parcel.1", "b/parcel.1"]


class Quick(StateMachine[Contents, Packed, int]):
    """Ends as soon as it begins."""

    class End(Final, initial=True): ...

    @output(End)
    def result(self) -> int:
        return 7


def test_a_child_may_end_at_once() -> None:
    class Above(StateMachine[Contents, Packed]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, machine=Quick)
        def quick(self) -> None:
            return None

        @quick.done(to=B)
        def keep(self, ev: Done[int]) -> None:
            self.ctx.n = ev.data

    r = Above.rehearse()
    assert (r.configuration, r.ctx.n, r.pending) == ({"B"}, 7, ())


def test_a_child_that_ends_at_once_takes_the_other_children_of_its_state_with_it() -> None:
    class Above(StateMachine[Contents, Hello | Stop]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, machine=Quick)
        def quick(self) -> None:
            return None

        @invoke(A, machine=Parcel)
        def parcel(self) -> Contents:
            return Contents()

        keep = quick.done(to=B)
        forget = parcel.done(to=B)

        @on(Hello)
        def heard(self, ev: Hello) -> None:
            self.ctx.seen.append(ev.text)

    r = Above.rehearse()
    assert (r.configuration, r.pending) == ({"B"}, ())
    assert r.advance("5h").configuration == {"B"}
    assert r.snapshot().invokes == ()


def test_a_state_that_is_left_within_the_same_turn_never_begins_its_child() -> None:
    class Above(StateMachine[Contents, Hello | Stop]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        go = edge(Stop, A, to=B)
        through = always(B, to=C)

        @invoke(B, machine=Parcel)
        def parcel(self) -> Contents:
            raise AssertionError("never asked")

        done = parcel.done(to=A)

        @on(Hello)
        def heard(self, ev: Hello) -> None:
            self.ctx.seen.append(ev.text)

    r = Above.rehearse()
    assert (r.send(Stop()).configuration, r.ctx.seen) == ({"C"}, [])


class Middle(StateMachine[Contents, Packed | Hello, int]):
    """A parent that is a child."""

    class On(State, initial=True): ...

    class Off(Final): ...

    @invoke(On, machine=Parcel, forward=[Packed])
    def parcel(self) -> Contents:
        return Contents(n=self.ctx.n + 1)

    @parcel.done(to=Off)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.n = ev.data

    @on(Hello, On)
    def pass_on(self, ev: Hello) -> None:
        self.send(Hello(text=f"{self.id}: {ev.text}"), to=self.parent)

    @output(Off)
    def result(self) -> int:
        return self.ctx.n


class Top(StateMachine[Contents, Packed | Hello | Stop | Again]):
    """Two children in two regions, each with a child of its own."""

    class P(Parallel, initial=True):
        class One(State): ...

        class Two(State): ...

    class End(State): ...

    @invoke(P.One, P.Two, machine=Middle, forward=[Packed])
    def middle(self) -> Contents:
        return Contents(n=10)

    @middle.done()
    def count(self, ev: Done[int]) -> None:
        self.ctx.n += ev.data

    @on(Hello)
    def heard(self, ev: Hello) -> None:
        self.ctx.seen.append(ev.text)

    stop = edge(Stop, P, to=End)


def test_children_have_children() -> None:
    r = Top.rehearse(id="t")
    assert r.pending == ("middle", "middle@P.Two")
    assert r.ctx.seen == [
        "t/middle.1: t/middle.1/parcel.1 of t/middle.1",
        "t/middle@P.Two.2: t/middle@P.Two.2/parcel.1 of t/middle@P.Two.2",
    ]
    r.send(Packed())
    assert (r.ctx.n, r.pending) == (22, ())


def test_a_snapshot_holds_the_whole_family_and_brings_it_back() -> None:
    r = Top.rehearse()
    r.advance("1h")
    text = r.snapshot().to_json()
    again = Top.rehearse(snapshot=text)
    assert again.snapshot() == r.snapshot()
    assert again.snapshot().to_json() == text
    for one in (again, r):
        one.advance("1h")
        assert (one.ctx.n, one.pending, one.now) == (22, (), EPOCH.replace(hour=2))
    again = Top.rehearse(snapshot=text)
    again.send(Stop())
    assert (again.configuration, again.pending, again.advance("9h").ctx.n) == ({"End"}, (), 0)


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"machine": "Other"}', '{"machine": "Parcel"}'])
def test_a_snapshot_with_a_child_that_cannot_be_read_is_refused(text: str) -> None:
    from dataclasses import replace

    kept = Order.rehearse().snapshot()
    broken = replace(kept, invokes=tuple(replace(i, child=text or "[") for i in kept.invokes))
    with pytest.raises(SnapshotCorrupted):
        Order.rehearse(snapshot=broken)


def test_a_delayed_event_for_a_child_is_read_by_the_child() -> None:
    class Above(StateMachine[Contents, Stop]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, machine=Parcel)
        def parcel(self) -> Contents:
            return Contents(n=2)

        @on(Stop, A)
        def pack(self) -> None:
            self.send(Packed(), to=f"{self.id}/parcel.1", delay="10m", id="pack")
            self.send(Stop(), to=f"{self.id}/parcel.1", delay="5m")

        @parcel.done(to=B)
        def keep(self, ev: Done[int]) -> None:
            self.ctx.n = ev.data

    r = Above.rehearse()
    r.send(Stop())
    assert r.advance("9m").configuration == {"A"}, "what the child cannot read is let go"
    again = Above.rehearse(snapshot=r.snapshot().to_json())
    assert again.advance("1m").ctx.n == 2


def test_what_a_child_says_while_its_state_is_left_is_not_heard() -> None:
    class Leaving(Parcel):
        @on_exit(Parcel.Open)
        def bye(self) -> None:
            self.send(Hello(text="bye"), to=self.parent)

    class Above(StateMachine[Contents, Stop | Hello]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, machine=Leaving)
        def parcel(self) -> Contents:
            return Contents()

        stop = edge(Stop, A, to=B)
        done = parcel.done(to=B)

        @on(Hello)
        def heard(self, ev: Hello) -> None:
            self.ctx.seen.append(ev.text)

    r = Above.rehearse()
    r.send(Stop())
    assert (r.configuration, r.ctx.seen) == ({"B"}, ["rehearsal/parcel.1 of rehearsal"])


# ---- what fails


class Faulty(StateMachine[Contents, Stop | Again]):
    """Its child gets wrong data, or cannot be given any."""

    class A(State, initial=True): ...

    class B(State): ...

    go = edge(Stop, A, to=B)
    back = edge(Again, B, to=A)

    @invoke(B, machine=Parcel)
    def parcel(self) -> Contents:
        match self.ctx.n:
            case 1:
                raise ZeroDivisionError("no")
            case 2:
                return odd(Hello())  # type: ignore[no-any-return]
            case _:
                return odd(Contents.model_construct(n="many", seen=[]))  # type: ignore[no-any-return]

    done = parcel.done(to=A)


@pytest.mark.parametrize(
    ("n", "error", "text"),
    [
        (1, UnhandledError, r"the data of child parcel cannot be made: ZeroDivisionError: no\. Nothing was changed"),
        (2, ContextInvalid, "is not a context"),
        (3, ContextInvalid, "Parcel: after the turn the context Contents"),
    ],
)
def test_wrong_data_fail_the_turn_that_would_begin_the_child(n: int, error: type[Exception], text: str) -> None:
    r = Faulty.rehearse(Contents(n=n))
    before = r.snapshot()
    with pytest.raises(error, match=text):
        r.send(Stop())
    assert r.snapshot() == before


class Broken(StateMachine[Contents, Packed]):
    class On(State, initial=True): ...

    @on_enter(On)
    def fail(self) -> None:
        raise OSError("no")


def test_a_child_whose_first_turn_fails_is_told_and_leaves_the_invoke_to_the_test() -> None:
    class Above(StateMachine[Contents, Stop | Again]):
        class A(State, initial=True): ...

        class B(State): ...

        go = edge(Stop, A, to=B)

        @invoke(B, machine=Broken)
        def broken(self) -> None:
            return None

        done = broken.done(to=A)
        failed = broken.failed(to=A)

    r = Above.rehearse()
    with pytest.raises(UnhandledError, match=r"Broken 'rehearsal/broken.1': fail \(entry of On\) failed with OSError"):
        r.send(Stop())
    assert (r.configuration, r.pending) == ({"B"}, ("broken",))
    again = Above.rehearse(snapshot=r.snapshot().to_json())
    assert again.snapshot() == r.snapshot()
    assert again.reject("broken", OSError("no")).configuration == {"A"}


def test_an_answer_whose_turn_fails_is_still_there() -> None:
    class Above(StateMachine[Contents, Packed | Again]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, machine=Parcel, forward=[Packed])
        def parcel(self) -> Contents:
            return Contents(n=3)

        @parcel.done(to=B)
        def keep(self, ev: Done[int]) -> None:
            if "mended" not in self.ctx.seen:
                raise OSError("no")
            self.ctx.n = ev.data

        @on(Again, A)
        def mend(self) -> None:
            self.ctx.seen.append("mended")

    r = Above.rehearse()
    with pytest.raises(UnhandledError, match="keep"):
        r.send(Packed())
    assert (r.configuration, r.pending) == ({"A"}, ("parcel",))
    again = Above.rehearse(snapshot=r.snapshot().to_json())
    for one in (r, again):
        one.send(Again())
        assert (one.configuration, one.ctx.n) == ({"B"}, 3)
