"""Child machines that cannot be: what is no machine, what is no data, what cannot be handed on."""

from __future__ import annotations

from fsm import Choice, Context, Done, Event, Final, State, StateMachine, edge, invoke, on, output
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Packed(Event): ...


class PackedTwice(Packed): ...


class Contents(Context):
    n: int = 0


class Parcel(StateMachine[Contents, Packed, int]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    close = edge(Packed, Open, to=Closed)

    @output(Closed)
    def count(self) -> int:
        return self.ctx.n


@refused("invoke parcel: machine=<class", "is not a machine; name a subclass of StateMachine")
def test_a_context_in_the_place_of_a_machine() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=odd(Contents))
        def parcel(self) -> Contents:
            return Contents()


@refused("invoke parcel: machine='Parcel' is not a machine")
def test_text_in_the_place_of_a_machine() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=odd("Parcel"))
        def parcel(self) -> Contents:
            return Contents()


@refused("invoke parcel: machine=", "is not a machine")
def test_the_framework_itself_in_the_place_of_a_machine() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=odd(StateMachine))
        def parcel(self) -> Context:
            return Context()


@refused("invoke parcel: makes the data of a child machine and waits for nothing; write it with def")
def test_data_that_are_waited_for() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel)  # type: ignore[arg-type]
        async def parcel(self) -> Contents:
            return Contents()


@refused("invoke parcel: gives Context, but Parcel starts with Contents", "return a Contents, or None for its defaults")
def test_data_of_another_type() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel)  # type: ignore[arg-type]
        def parcel(self) -> Context:
            return Context()


@refused("invoke parcel: parcel takes 3 parameters; a handler takes (self) or (self, ev)")
def test_data_from_too_many_parameters() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel)  # type: ignore[arg-type]
        def parcel(self, ev: Event, more: int) -> Contents:
            return Contents()


@refused("invoke", "decorates nothing; write it above the method that does the work")
def test_a_child_without_a_method() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        invoke(A, machine=Parcel)


@refused("invoke parcel: Pick is a Choice and cannot own work", "End is a Final and cannot own work", count=3)
def test_a_child_where_nobody_stays() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class End(Final): ...

        @invoke(Pick, End, machine=Parcel)
        def parcel(self) -> Contents:
            return Contents()


@refused("invoke parcel: forward=<class", "is not a list of events; write forward=[…]")
def test_one_event_in_the_place_of_a_list() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel, forward=odd(Packed))
        def parcel(self) -> Contents:
            return Contents()


@refused("forward: 'Packed' is not an event that can be handed on", "forward: <class", count=2)
def test_forwarding_what_is_no_event_that_was_sent() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel, forward=[odd("Packed"), Done])
        def parcel(self) -> Contents:
            return Contents()


@refused("forward: Go is not in the alphabet of Parcel; add it there, or take it out")
def test_forwarding_what_the_child_does_not_know() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel, forward=[Packed, Go])
        def parcel(self) -> Contents:
            return Contents()


@refused("the action keep expects Done[str], the edge gives Done[int]; annotate the event as Done[int]")
def test_the_output_of_a_child_taken_for_something_else() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel)
        def parcel(self) -> Contents:
            return Contents()

        @parcel.done()  # type: ignore[arg-type]
        def keep(self, ev: Done[str]) -> None: ...


# ---- legal neighbours


def test_subclasses_and_base_classes_of_what_a_child_knows_can_be_forwarded() -> None:
    class Fine(StateMachine[Context, Event]):
        class A(State, initial=True): ...

        class B(Final): ...

        @invoke(A, machine=Parcel, forward=[PackedTwice])
        def parcel(self) -> Contents | None:
            return None

        done = parcel.done(to=B)

    r = Fine.rehearse()
    assert r.send(PackedTwice()).configuration == {"A"}
    assert r.configuration == {"B"}


def test_the_data_may_look_at_the_event_that_entered_the_state() -> None:
    class Fine(StateMachine[Contents, Go | Packed]):
        class Idle(State, initial=True): ...

        class A(State): ...

        go = edge(Go, Idle, to=A)

        @invoke(A, machine=Parcel, forward=(Packed,))
        def parcel(self, ev: Event) -> Contents:
            return Contents(n=4 if isinstance(ev, Go) else 0)

        @parcel.done()
        def keep(self, ev: Done[int]) -> None:
            self.ctx.n = ev.data

    r = Fine.rehearse()
    r.send(Go())
    r.send(Packed())
    assert r.ctx.n == 4


def test_a_machine_that_extends_another_keeps_its_children() -> None:
    class Base(StateMachine[Contents, Packed]):
        class A(State, initial=True): ...

        @invoke(A, machine=Parcel, forward=[Packed])
        def parcel(self) -> Contents:
            return Contents(n=1)

    class Fine(Base):
        @invoke(Base.A, machine=Parcel, forward=[Packed])
        def parcel(self) -> Contents:
            return Contents(n=2)

        @on(Packed, Base.A)
        def packed(self) -> None: ...

        @parcel.done()
        def keep(self, ev: Done[int]) -> None:
            self.ctx.n = ev.data

    r = Fine.rehearse()
    r.send(Packed())
    assert r.ctx.n == 2
