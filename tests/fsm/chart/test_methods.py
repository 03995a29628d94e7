"""Methods that do not fit the place where they are used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    History,
    State,
    StateMachine,
    all_done,
    always,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Pay(Event):
    amount: int = 0


class PayLater(Pay): ...


class Data(Context):
    count: int = 0


class Receipt(Context):
    id: str = ""


@refused("edge go: go takes 3 parameters", "a handler takes (self) or (self, ev)")
def test_a_handler_with_three_parameters() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        def go(self: Any, ev: Go, more: int) -> None: ...


@refused("on_enter go: go takes 0 parameters", "a handler takes (self) or (self, ev)")
def test_a_handler_without_self() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on_enter(A))
        def go() -> None: ...


@refused("on_exit go: go is not a method that takes (self) or (self, ev)")
def test_a_handler_that_needs_a_keyword() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on_exit(A))
        def go(self: Any, *, ev: Go) -> None: ...


@refused("edge go: go contains yield, so that calling it runs nothing", "take the yield out")
def test_a_generator_as_a_handler() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        def go(self: Any) -> Iterator[int]:
            yield 1


@refused("invoke work: work contains yield", "take the yield out")
def test_an_asynchronous_generator_as_an_invoke() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(invoke(A))
        async def work(self: Any) -> AsyncIterator[int]:
            yield 1


@refused("edge go: the action go expects Pay, the edge gives Go", "annotate the event as Go")
def test_a_handler_of_another_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        def go(self: Any, ev: Pay) -> None: ...


@refused("edge go: the action go expects PayLater, the edge gives Pay")
def test_a_handler_of_a_narrower_event() -> None:
    class Odd(StateMachine[Data, Pay]):
        class A(State, initial=True): ...

        @odd(on(Pay, A))
        def go(self: Any, ev: PayLater) -> None: ...


@refused("edge go: the guard rich expects Pay, the edge gives Go", "annotate the event as Go")
def test_a_guard_of_another_event() -> None:
    class Odd(StateMachine[Data, Go | Pay]):
        class A(State, initial=True): ...

        @guard
        def rich(self, ev: Pay) -> bool:
            return ev.amount > 0

        go = edge(Go, A, when=~rich)


@refused("edge keep: the action keep expects Done[str], the edge gives Done[int]")
def test_a_wrong_result_type() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> int:
            return 1

        @odd(work.done())
        def keep(self: Any, ev: Done[str]) -> None: ...


@refused("edge keep: the action keep expects Done[list[str]], the edge gives Done[list[int]]")
def test_a_wrong_result_type_inside_of_a_list() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> list[int]:
            return []

        @odd(work.done())
        def keep(self: Any, ev: Done[list[str]]) -> None: ...


@refused("edge lose: the action lose expects Done[int], the edge gives Failed")
def test_a_failure_handled_as_an_answer() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> int:
            return 1

        @odd(work.failed())
        def lose(self: Any, ev: Done[int]) -> None: ...


@refused("edge done: the action done expects Go, the edge gives Done")
def test_a_completion_handled_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(Final, initial=True): ...

        @odd(all_done(A))
        def done(self: Any, ev: Go) -> None: ...


@refused("edge go: <lambda> takes 3 parameters")
def test_a_guard_with_three_parameters() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=odd(guard)(lambda guard, ev, more: True))


@refused("edge go: decorates nothing", "put it above the method")
def test_a_guard_of_nothing() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=guard(odd(None)))


@refused("edge go: 'x' is not a method that takes (self) or (self, ev)")
def test_a_guard_of_text() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=guard(odd("x")))


@refused("edge go: 5 is not a method that takes (self) or (self, ev)")
def test_a_number_as_an_action() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = on(Go, A)(odd(5))


@refused("on_enter start: names no state", "@on_enter(Open)")
def test_on_enter_without_a_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @on_enter()
        def start(self) -> None: ...


@refused("on_enter", "decorates nothing", "start is a function, not a state", "parentheses", count=2)
def test_on_enter_without_parentheses() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on_enter)
        def start(self: Any) -> None: ...


@refused("invoke work: names no state", "@invoke(Open)")
def test_invoke_without_parentheses() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(invoke)
        async def work(self: Any) -> None: ...


def test_an_answer_of_an_invoke_without_parentheses() -> None:
    with pytest.raises(DefinitionError, match=r"an invoke without a method; write `@invoke\(Open\)` above it"):

        class Odd(StateMachine[Data, Go]):
            class A(State, initial=True): ...

            @odd(invoke)
            async def work(self: Any) -> None: ...

            done = work.done(to=A)


@refused("invoke work: names no state", "@invoke(Open)")
def test_invoke_without_a_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke()
        async def work(self) -> None: ...


@refused("invoke: decorates nothing", "write it above the method")
def test_an_invoke_that_decorates_nothing() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        invoke(A)


@refused("invoke work: decorates nothing", "`@invoke(Open)`")
def test_an_assigned_invoke_that_decorates_nothing() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        work = invoke(A)


@refused("on_exit leave: decorates nothing", "put it above the method")
def test_an_on_exit_that_decorates_nothing() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        leave = on_exit(A)


@refused("invoke work: B is a Final and cannot own work", "name a State")
def test_an_invoke_of_a_final() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(Final): ...

        go = edge(Go, A, to=B)

        @invoke(B)
        async def work(self) -> None: ...


@refused("invoke work: A.H is a History and cannot own work", "name a State")
def test_an_invoke_of_a_history() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        @invoke(A.H)
        async def work(self) -> None: ...


@refused("invoke work: timeout: 'long' is not a delay", "write a number and a unit")
def test_an_invoke_with_a_wrong_timeout() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A, timeout="long")
        async def work(self) -> None: ...


@refused("invoke work: its result 'Nowhere' cannot be resolved", "import it at run time")
def test_an_invoke_whose_result_type_is_not_known_at_run_time() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
            return 1


@refused("on_enter start: A.H is a History, which is never active", "name the state that it restores")
def test_an_entry_of_a_history() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        @on_enter(A.H)
        def start(self) -> None: ...


@refused("output bill: A is not a Final", "only final states have an output")
def test_an_output_of_a_state_that_is_not_final() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @output(odd(A))
        def bill(self) -> None: ...


@refused("output second: A has an output already", "keep one of them")
def test_two_outputs_of_one_final() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Final, initial=True): ...

        @output(A)
        def first(self) -> int:
            return 1

        @output(A)
        def second(self) -> int:
            return 2


@refused("output bill: gives int, but the machine's output is Receipt", "StateMachine[Context, Events, int]")
def test_an_output_of_another_type_than_the_machine_says() -> None:
    class Odd(StateMachine[Data, Go, Receipt]):
        class A(Final, initial=True): ...

        @output(A)
        def bill(self) -> int:
            return 1


@refused("edge go: decorates two methods", "write the declaration again for the second")
def test_one_declaration_for_two_methods() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = on(Go, A)
        go(lambda self: None)
        go(lambda self: None)


@refused("edge both: decorates another declaration", "give each its own method")
def test_stacked_decorators() -> None:
    class Odd(StateMachine[Data, Go | Pay]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        @on(Pay, A)
        def both(self) -> None: ...


@refused("edge both: decorates another declaration", "give each its own method")
def test_an_entry_above_an_edge() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        @on_enter(A)
        def both(self) -> None: ...


# ---- legal neighbours


def test_annotations_may_be_wider_than_the_event() -> None:
    class Fine(StateMachine[Data, Pay]):
        class A(State, initial=True): ...

        @on(PayLater, A)
        def base(self, ev: Pay) -> None: ...

        @on(Pay, A)
        def union(self, ev: Go | Pay) -> None: ...

        @guard
        def any_event(self, ev: Event) -> bool:
            return True

        @guard
        def anything(self, ev: Any) -> bool:
            return True

        @guard
        def an_object(self, ev: object) -> bool:
            return True

        go = edge(Go, A, when=any_event & anything & an_object)

    assert Fine.rehearse().send(PayLater()).transitions == ("base",)


def test_results_may_be_handled_as_any_and_as_the_bare_event() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @guard
        def yes(self) -> bool:
            return True

        @invoke(A)
        async def work(self) -> list[dict[str, int]]:
            return [{"a": 1}]

        @work.done(when=~yes)
        def bare(self, ev: Done) -> None: ...

        @odd(work.done(when=~yes))
        def as_any(self: Any, ev: Done[Any]) -> None: ...

        @odd(work.done(when=~yes))
        def as_object(self: Any, ev: Done[object]) -> None: ...

        @odd(work.done(when=~yes))
        def as_list(self: Any, ev: Done[list[dict[str, Any]]]) -> None: ...

        @odd(work.done(to=B))
        def as_event(self: Any, ev: Event) -> None: ...

        @work.failed()
        def failed(self, ev: Failed) -> None: ...

    assert Fine.rehearse().settle().configuration == {"B"}


class Amount(Protocol):
    amount: int


def test_an_event_may_be_annotated_as_a_protocol() -> None:
    class Fine(StateMachine[Data, Pay]):
        class A(State, initial=True): ...

        @on(Pay, A)
        def pay(self, ev: Amount) -> None:
            self.ctx.count = ev.amount

    assert Fine.rehearse().send(Pay(amount=3)) is not None


def test_handlers_may_have_further_parameters_with_defaults() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @odd(on(Go, A))
        def go(self: Any, ev: Go, more: int = 4, *rest: int, last: int = 1) -> None:
            self.ctx.count = more + last

    r = Fine.rehearse()
    r.send(Go())
    assert r.ctx.count == 5


def test_an_entry_an_exit_and_an_always_take_the_event_that_caused_them() -> None:
    class Fine(StateMachine[Data, Pay]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        @on_exit(A)
        def left(self, ev: Event) -> None:
            self.ctx.count += 1 if isinstance(ev, Pay) else 100

        @on_enter(B)
        def entered(self, ev: Pay) -> None:
            self.ctx.count += ev.amount

        @odd(always(B, to=C))
        def at_once(self: Any, ev: Pay) -> None:
            self.ctx.count += ev.amount

        pay = edge(Pay, A, to=B)

    r = Fine.rehearse()
    r.send(Pay(amount=10))
    assert r.ctx.count == 21


def test_the_output_types_a_machine_that_does_not_name_one() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Final, initial=True): ...

        @output(A)
        def bill(self) -> Receipt:
            return Receipt(id="r")

    r = Fine.rehearse()
    assert odd(Fine.rehearse(snapshot=r.snapshot().to_json()).output) == Receipt(id="r")
