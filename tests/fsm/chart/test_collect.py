"""What a class body says: nothing gets lost, subclasses override by name, state classes are copied."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    default,
    edge,
    guard,
    in_state,
    invoke,
    on,
    on_enter,
    on_exit,
)
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Back(Event): ...


class Jump(Event): ...


class Data(Context):
    log: list[str] = []
    open: bool = True


# ---- lost and overwritten


@refused("edge: is lost: assign it to a name of its own", "cancel = edge(…)")
def test_an_edge_that_is_not_assigned() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        edge(Go, A)


@refused("edge: is lost: assign it to a name of its own")
def test_an_edge_whose_name_is_used_again() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A)
        go = edge(Back, A)  # type: ignore[arg-type]  # noqa: PIE794


@refused("edge: overwritten: a later line uses the name 'go' again", "give one of them another name")
def test_a_handler_whose_name_is_used_again() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @on(Go, A)
        def go(self) -> None: ...  # pyright: ignore[reportRedeclaration]

        @on(Back, A)  # type: ignore[no-redef]
        def go(self) -> None: ...  # noqa: F811


@refused("on_enter: overwritten: a later line uses the name 'start' again")
def test_an_entry_whose_name_a_plain_method_takes() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @on_enter(A)
        def start(self) -> None: ...  # pyright: ignore[reportRedeclaration]

        def start(self) -> None: ...  # type: ignore[no-redef]  # noqa: F811


@refused("invoke: overwritten: a later line uses the name 'work' again", "edge work: belongs to an invoke", count=2)
def test_an_invoke_whose_name_its_own_answer_takes() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> int:  # pyright: ignore[reportRedeclaration]
            return 1

        @work.done()  # type: ignore[no-redef]
        def work(self, ev: Done[int]) -> None: ...


@refused("guard ok: overwritten: a later line uses the name 'ok' again", "give one of them another name")
def test_a_guard_whose_name_is_used_again() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @guard
        def ok(self) -> bool:  # pyright: ignore[reportRedeclaration]
            return True

        go = edge(Go, A, when=ok)

        @guard  # type: ignore[no-redef]
        def ok(self) -> bool:
            return False


@refused("state A: overwritten: a later line uses the name 'A' again", "give one of them another name")
def test_a_state_whose_name_is_used_again() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State): ...  # pyright: ignore[reportRedeclaration]

        class A(State, initial=True): ...  # type: ignore[no-redef]  # noqa: F811


@refused("state B: overwritten: a later line uses the name 'B' again")
def test_a_nested_state_whose_name_an_edge_takes() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class C(State, initial=True): ...

            class B(State): ...

            B = edge(Go, C)  # type: ignore[assignment,misc]  # noqa: F811


@refused("state B: is the same class as A", "`class B(A): ...`")
def test_one_state_under_two_names() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        B = A


@refused("state A.H: is the kind History itself", "write `class H(History): ...`")
def test_the_kind_itself_as_a_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            H = History


# ---- machines that extend machines


class Door(StateMachine[Data, Go | Back]):
    class Closed(State, initial=True): ...

    class Open(State): ...

    class Gone(Final): ...

    @guard
    def allowed(self) -> bool:
        return self.ctx.open

    @on(Go, Closed, to=Open, when=allowed)
    def open_it(self) -> None:
        self.ctx.log.append("base")

    @on_enter(Open)
    def opened(self) -> None:
        self.ctx.log.append("entered")

    close = edge(Back, Open, to=Closed, when=in_state(Open))
    end = edge(Go, Open, to=Gone)


def test_a_subclass_inherits_everything() -> None:
    class Same(Door): ...

    r = Same.rehearse()
    assert r.send(Go()).transitions == ("open_it",)
    assert r.send(Back()).configuration == {"Closed"}
    assert r.ctx.log == ["base", "entered"]
    assert Same.__chart__.name == "Same"


def test_a_handler_is_overridden_by_name() -> None:
    class Other(Door):
        @on_enter(Door.Open)
        def opened(self) -> None:
            self.ctx.log.append("overridden")

    r = Other.rehearse()
    r.send(Go())
    assert r.ctx.log == ["base", "overridden"]


def test_a_guard_is_overridden_by_name() -> None:
    class Locked(Door):
        @guard
        async def allowed(self) -> bool:
            return False

        knock = edge(Go, Door.Closed)

    assert Locked.rehearse().send(Go()).transitions == ("knock",)
    assert Door.rehearse().send(Go()).transitions == ("open_it",)


def test_a_combined_guard_is_overridden_by_name() -> None:
    class Base(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @guard
        def yes(self) -> bool:
            return True

        ready = yes & ~in_state(B)
        go = edge(Go, A, to=B, when=ready)
        otherwise = edge(Go, A)

    class Never(Base):
        ready = ~Base.yes

    assert Base.rehearse().send(Go()).transitions == ("go",)
    assert Never.rehearse().send(Go()).transitions == ("otherwise",)


def test_an_edge_is_overridden_by_name() -> None:
    class Shortcut(Door):
        open_it = edge(Go, Door.Closed, to=Door.Gone)
        reopen = edge(Back, Door.Closed, to=Door.Open)

    assert Shortcut.rehearse().send(Go()).configuration == {"Gone"}


def test_an_edge_is_removed_by_none() -> None:
    class Fixed(Door):
        end = None  # type: ignore[assignment]
        finish = edge(Go, Door.Open, to=Door.Gone)

    assert [t.name for t in Fixed.__chart__.transitions] == ["open_it", "close", "finish"]


def test_a_state_is_overridden_by_name_and_edges_lead_to_the_new_one() -> None:
    class Deep(Door):
        class Open(State):  # pyright: ignore[reportIncompatibleVariableOverride]
            class Half(State, initial=True): ...

            class Full(State): ...

            wider = edge(Go, Half, to=Full)

    r = Deep.rehearse()
    assert r.send(Go()).configuration == {"Open.Half"}
    assert r.send(Go()).configuration == {"Open.Full"}
    assert r.send(Back()).configuration == {"Closed"}, "the guard in_state(Open) means the new state"


def test_a_state_may_extend_the_one_that_it_overrides() -> None:
    class Deep(Door):
        class Open(Door.Open):
            class Half(State, initial=True): ...

    r = Deep.rehearse()
    r.send(Go())
    assert r.configuration == {"Open.Half"}
    assert r.ctx.log == ["base", "entered"]
    assert r.send(Back()).configuration == {"Closed"}


def test_states_and_edges_are_added_by_a_subclass_of_a_subclass() -> None:
    class More(Door):
        class Broken(State): ...

        smash = edge(Back, Door.Closed, to=Broken)

    class Most(More):
        mend = edge(Go, More.Broken, to=Door.Closed)

    r = Most.rehearse()
    assert r.send(Back()).configuration == {"Broken"}
    assert r.send(Go()).configuration == {"Closed"}


def test_an_invoke_and_its_answer_are_overridden_by_name() -> None:
    class Base(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A)
        async def work(self) -> str:
            return "base"

        @work.done(to=B)
        def keep(self, ev: Done[str]) -> None:
            self.ctx.log.append(ev.data)

    class Sub(Base):
        @invoke(Base.A)
        async def work(self) -> str:
            return "sub"

    class SubSub(Sub):
        @Sub.work.done(to=Base.B)
        def keep(self, ev: Done[str]) -> None:
            self.ctx.log.append(f"kept {ev.data}")

    assert Base.rehearse().settle().ctx.log == ["base"]
    assert Sub.rehearse().settle().ctx.log == ["sub"]
    assert SubSub.rehearse().settle().ctx.log == ["kept sub"]


def test_class_keywords_are_inherited_but_the_name() -> None:
    class Base(Door, name="door", version=3, unhandled="ignore"): ...

    class Sub(Base): ...

    chart = Sub.__chart__
    assert (chart.name, chart.version, chart.unhandled) == ("Sub", "3", "ignore")


@refused("opened overrides the on_enter at test_collect.py:", "decorate it again", "opened = None")
def test_a_plain_method_in_the_place_of_a_handler() -> None:
    class Odd(Door):
        def opened(self) -> None: ...  # type: ignore[override]


def test_a_plain_method_in_the_place_of_a_guard() -> None:
    text = r"edge open_it: its guard allowed is overridden by something else; decorate that with @guard"
    with pytest.raises(DefinitionError, match=text):

        class Odd(Door):
            def allowed(self) -> bool:
                return True


# ---- states that extend states


def test_a_state_is_copied_with_children_and_edges() -> None:
    class Copied(StateMachine[Data, Go | Back]):
        class First(State, initial=True):
            class X(State, initial=True): ...

            class Y(State): ...

        class Second(First): ...

        inner = edge(Go, First.X, to=First.Y)
        across = edge(Back, First.Y, to=Second)

        @on_exit(First.Y)
        def left(self) -> None:
            self.ctx.log.append("left Y")

    r = Copied.rehearse()
    assert r.send(Go()).configuration == {"First.Y"}
    assert r.send(Back()).configuration == {"Second.X"}
    assert r.send(Go()).configuration == {"Second.Y"}, "an edge between children stays inside of the copy"
    assert r.send(Back()).configuration == {"Second.X"}, "an edge to a state by its own name leads there"
    assert r.ctx.log == ["left Y", "left Y"]


class Step(State):
    """A pattern at module level, with edges in its body."""

    class Doing(State, initial=True): ...

    class Done(Final): ...

    class Past(History): ...

    finish = edge(Go, Doing, to=Done)


def test_a_pattern_is_copied_into_several_machines() -> None:
    class One(StateMachine[Data, Go]):
        class A(Step, initial=True): ...

        class B(Step): ...

        class End(Final): ...

        first = all_done(A, to=B)
        second = all_done(B, to=End)

    class Two(StateMachine[Data, Go]):
        class Only(Step, initial=True): ...

    r = One.rehearse()
    assert r.send(Go()).configuration == {"B.Doing"}
    assert r.send(Go()).configuration == {"End"}
    assert Two.rehearse().send(Go()).configuration == {"Only.Done"}


def test_a_pattern_is_copied_into_the_regions_of_a_parallel() -> None:
    class Both(StateMachine[Data, Go]):
        class All(Parallel, initial=True):
            class A(Step): ...

            class B(Step): ...

        class End(Final): ...

        done = all_done(All, to=End)

    r = Both.rehearse()
    assert r.active == {"All", "All.A", "All.B", "All.A.Doing", "All.B.Doing"}
    assert r.send(Go()).configuration == {"End"}


def test_copies_of_copies_keep_their_own_edges() -> None:
    class Nested(StateMachine[Data, Go | Back | Jump]):
        class Outer(State, initial=True):
            class Inner(State, initial=True):
                class X(State, initial=True): ...

                class Y(State): ...

                turn = edge(Go, X, to=Y)

            class Twin(Inner): ...

            swap = edge(Back, Inner.Y, to=Twin)

        class Second(Outer): ...

        class Third(Second): ...

        jump = edge(Jump, Outer, to=Third)
        fall = edge(Jump, Third.Twin.Y, to=Second)

    r = Nested.rehearse()
    assert r.send(Go()).configuration == {"Outer.Inner.Y"}
    assert r.send(Back()).configuration == {"Outer.Twin.X"}
    assert r.send(Go()).configuration == {"Outer.Twin.Y"}
    assert r.send(Back()).configuration == {"Outer.Twin.X"}
    assert r.send(Jump()).configuration == {"Third.Inner.X"}
    assert r.send(Go()).configuration == {"Third.Inner.Y"}
    assert r.send(Back()).configuration == {"Third.Twin.X"}
    assert r.send(Go()).configuration == {"Third.Twin.Y"}
    assert r.send(Jump()).configuration == {"Second.Inner.X"}


def test_the_state_of_another_machine_is_copied_by_extending_it() -> None:
    class Uses(StateMachine[Data, Go | Back]):
        class Start(State, initial=True): ...

        class Mine(Door.Open):
            class Half(State, initial=True): ...

        go = edge(Go, Start, to=Mine)

    assert Uses.rehearse().send(Go()).configuration == {"Mine.Half"}


def test_a_copy_overrides_an_edge_of_its_pattern_by_name() -> None:
    class Base(State):
        class X(State, initial=True): ...

        class Y(State): ...

        class Z(State): ...

        turn = edge(Go, X, to=Y)
        other = edge(Back, X, to=Z)

    class Overriding(StateMachine[Data, Go | Back]):
        class A(Base, initial=True): ...

        class B(Base):
            turn = edge(Go, Base.X, to=Base.Z)
            both = edge(Go, Base.Z, to=Base.Y)

        across = edge(Go, A.Y, to=B)

    r = Overriding.rehearse()
    assert r.send(Go()).configuration == {"A.Y"}
    assert r.send(Go()).configuration == {"B.X"}
    assert r.send(Go()).configuration == {"B.Z"}


def test_a_copy_overrides_a_child_of_its_pattern_by_name() -> None:
    class Overriding(StateMachine[Data, Go | Back]):
        class A(Step, initial=True):
            class Doing(State, initial=True):  # pyright: ignore[reportIncompatibleVariableOverride]
                class Deeper(State, initial=True): ...

        class B(Step): ...

        go = edge(Back, A, to=B)

    r = Overriding.rehearse()
    assert r.configuration == {"A.Doing.Deeper"}
    assert r.send(Go()).configuration == {"A.Done"}, "the edge of the pattern leaves the new child"
    assert r.send(Back()).configuration == {"B.Doing"}
    assert r.send(Go()).configuration == {"B.Done"}


def test_keywords_of_a_pattern_are_not_inherited_but_those_of_its_children_are() -> None:
    class Base(State, initial=True, tags="base"):
        class X(State, initial=True, tags="child"): ...

    class Uses(StateMachine[Data, Go]):
        class A(Base, initial=True): ...

        class B(Base): ...

        go = edge(Go, A, to=B)

    nodes = {n.id: n for n in Uses.__chart__.nodes}
    assert nodes["A"].tags == nodes["B"].tags == frozenset()
    assert nodes["A.X"].tags == nodes["B.X"].tags == {"child"}


def test_timers_defaults_and_invokes_of_a_pattern_belong_to_each_copy() -> None:
    class Work(State):
        class X(State, initial=True): ...

        class Y(State): ...

        class H(History): ...

        late = after("1m", X, to=Y)
        past = default(H, to=Y)

    class Uses(StateMachine[Data, Go | Back]):
        class A(Work, initial=True): ...

        class B(Work): ...

        @invoke(Work.Y)
        async def work(self) -> str:
            return "done"

        @work.done()
        def keep(self, ev: Done[str]) -> None:
            self.ctx.log.append(ev.data)

        go = edge(Go, A, to=B.H)
        back = edge(Back, B, to=A)

    r = Uses.rehearse()
    assert r.advance("1m").configuration == {"A.Y"}
    assert r.ctx.log == ["done"]
    assert r.send(Go()).configuration == {"B.Y"}, "B.H leads to its own Y"
    assert r.settle().ctx.log == ["done", "done"]
    assert r.send(Back()).configuration == {"A.X"}
    assert r.advance("1m").configuration == {"A.Y"}


def test_in_state_of_a_pattern_means_any_of_its_copies() -> None:
    class Uses(StateMachine[Data, Go]):
        class A(Step, initial=True): ...

        class B(Step): ...

        @on(Go, when=in_state(odd(Step)))
        def seen(self) -> None:
            self.ctx.log.append("in a step")

        go = edge(Go, A, to=B)

    r = Uses.rehearse()
    for _ in range(3):
        r.send(Go())
    assert r.configuration == {"B.Done"}


def test_a_private_pattern_is_no_state_itself() -> None:
    class Uses(StateMachine[Data, Go]):
        class _Pattern(State):
            class X(State, initial=True): ...

        class A(_Pattern, initial=True): ...

        class B(_Pattern): ...

        go = edge(Go, _Pattern.X, to=B)

    assert Uses.rehearse().send(Go()).configuration == {"B.X"}
    assert [n.id for n in Uses.__chart__.nodes] == ["", "A", "A.X", "B", "B.X"]


def attributes(machine: Any) -> set[str]:
    return {n for n in vars(machine) if not n.startswith("_")}


def test_the_class_body_stays_as_it_was_written() -> None:
    assert attributes(Door) == {"Closed", "Open", "Gone", "allowed", "open_it", "opened", "close", "end"}
