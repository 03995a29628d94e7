"""Guards: combined by operators, asked from left to right, never a truth value of their own."""

from __future__ import annotations

import pytest

from fsm import Context, Event, State, StateMachine, edge, guard, in_state, on
from fsm.errors import DefinitionError, HandlerMisuse
from tests.fsm.chart.refusal import odd


class Go(Event): ...


class Data(Context):
    asked: list[str] = []


@pytest.mark.parametrize("use", [lambda g: g and g, lambda g: g or g, lambda g: not g, bool])
def test_a_guard_has_no_truth_value(use: object) -> None:
    with pytest.raises(DefinitionError, match=r"combine guards with & \| ~, not with and, or, not, if"):
        odd(use)(guard(lambda self: True))


def test_labels_show_how_guards_are_combined() -> None:
    a, b, c = (in_state(type(name, (State,), {})) for name in "ABC")
    assert (a & b | c).label == "in A and in B or in C"
    assert (a & (b | c)).label == "in A and (in B or in C)"
    assert (~(a & b)).label == "not (in A and in B)"


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("waits", [True, False])
def test_parts_are_asked_from_left_to_right_and_only_as_far_as_needed(left: bool, right: bool, waits: bool) -> None:
    def part(name: str, answer: bool) -> object:
        def plain(self: Machine) -> bool:
            self.ctx.asked.append(name)
            return answer

        async def waiting(self: Machine) -> bool:
            self.ctx.asked.append(name)
            return answer

        return waiting if waits else plain

    class Machine(StateMachine[Data, Go], unhandled="ignore"):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        one, two = guard(odd(part("one", left))), guard(odd(part("two", right)))
        both = edge(Go, A, to=B, when=one & ~two)
        either = edge(Go, B, to=C, when=one | two | in_state(A))

    r = Machine.rehearse()
    moved = r.send(Go()).configuration == {"B"}
    assert moved is (left and not right)
    assert r.ctx.asked == (["one", "two"] if left else ["one"])


def test_a_question_about_the_configuration_runs_nothing() -> None:
    class Machine(StateMachine[Data, Go], unhandled="ignore"):
        class A(State, initial=True): ...

        class B(State): ...

        @guard
        def never(self) -> bool:
            raise AssertionError

        no = edge(Go, A, to=B, when=in_state(B) & never)
        yes = edge(Go, A, to=B, when=in_state(A) | never)

    assert Machine.rehearse().send(Go()).transitions == ("yes",)


class Ask(Event):
    n: int = 1


class Caller(StateMachine[Data, Go | Ask]):
    """Calls guards out of an action and out of a guard."""

    class A(State, initial=True): ...

    class B(State): ...

    @guard
    def many(self, ev: Ask) -> bool:
        return ev.n > 2

    @guard
    async def fresh(self) -> bool:
        return not self.ctx.asked

    @guard
    async def both(self, ev: Ask) -> bool:
        return bool(self.many(ev) and await self.fresh())

    combined = many & ~in_state(B)

    @on(Ask, A)
    async def tell(self, ev: Ask) -> None:
        answers = [self.many(ev), await self.fresh(), await self.both(ev)]
        self.ctx.asked.append(str(answers))

    @on(Go, A, to=B)
    def misuse(self, ev: Go) -> None:
        with pytest.raises(HandlerMisuse, match=r"guard `many and not in B` was called, and is no method: call the"):
            self.combined(Ask())
        with pytest.raises(HandlerMisuse, match=r"fresh is asynchronous: write `await self\.fresh\(…\)`"):
            self.ctx.asked.append("yes" if self.fresh() else "no")


class Calmer(Caller):
    @guard
    def many(self, ev: Ask) -> bool:
        return False


@pytest.mark.parametrize(("machine", "told"), [(Caller, "[True, True, True]"), (Calmer, "[False, True, False]")])
def test_handlers_and_guards_call_a_guard_like_any_method(machine: type[Caller], told: str) -> None:
    r = machine.rehearse()
    r.send(Ask(n=3))
    assert r.ctx.asked == [told]


def test_a_combination_is_not_called_and_an_answer_that_waits_is_no_yes() -> None:
    r = Caller.rehearse()
    r.send(Go())
    assert r.ctx.asked == []
