"""The order and restore rules that statechart libraries get wrong, one test each, in the order of the design's list."""

from __future__ import annotations

from random import Random

import pytest

from fsm import (
    ActionFailed,
    Context,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    default,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
)
from fsm.errors import UnhandledError
from fsm.testing.rehearsal import Rehearsal


class Go(Event): ...


class Move(Event): ...


class Back(Event): ...


class Stop(Event): ...


class Log(Context):
    """What happened, in order."""

    seen: list[str] = []
    ready: bool = False


# ---- 1


class TwoRegions(StateMachine[Log, Go | Move]):
    """Both regions handle Go; the second is declared last."""

    class P(Parallel, initial=True):
        class One(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Two(State):
            class A(State, initial=True): ...

            class B(State): ...

    # the edges of the second region come first in the class: what counts is the order of the states
    @on(Go, P.Two.A, to=P.Two.B)
    def second(self) -> None:
        self.ctx.seen.append("second")

    @on(Go, P.One, to=P.One.A)
    def first(self) -> None:
        self.ctx.seen.append("first")

    move = edge(Move, P.One.A, to=P.One.B)

    @on_exit(P.One.A, P.One.B)
    def leave_one(self) -> None:
        self.ctx.seen.append("-one")

    @on_exit(P.Two.A)
    def leave_two(self) -> None:
        self.ctx.seen.append("-two")


def test_after_one_region_moved_an_event_that_both_handle_still_follows_the_source() -> None:
    r = TwoRegions.rehearse()
    r.send(Move())
    assert r.configuration == {"P.One.B", "P.Two.A"}
    r.ctx.seen.clear()
    step = r.send(Go())
    assert step.transitions == ("first", "second")
    assert r.ctx.seen == ["-two", "-one", "first", "second"]
    assert r.configuration == {"P.One.A", "P.Two.B"}


# ---- 2


class MixedSiblings(StateMachine[Log, Go | Back | Stop]):
    """Siblings of every kind, in the regions of one parallel."""

    class P(Parallel, initial=True):
        class Plain(State): ...

        class Nested(State):
            class A(State, initial=True): ...

            class End(Final): ...

        class Inner(Parallel):
            class X(State): ...

            class Y(State):
                class A(State, initial=True): ...

                class End(Final): ...

        class Last(State):
            class End(Final, initial=True): ...

    class Away(State): ...

    go = edge(Go, P, to=Away)
    back = edge(Back, Away, to=P)
    end = edge(Stop, P, to=(P.Nested.End, P.Inner.Y.End))


def test_mixed_siblings_are_entered_in_document_order_and_left_in_the_opposite_one() -> None:
    r = MixedSiblings.rehearse()
    everything = (
        "P",
        "P.Plain",
        "P.Nested",
        "P.Nested.A",
        "P.Inner",
        "P.Inner.X",
        "P.Inner.Y",
        "P.Inner.Y.A",
        "P.Last",
        "P.Last.End",
    )
    assert r.trace[0].entered == everything
    assert r.configuration == {"P.Plain", "P.Nested.A", "P.Inner.X", "P.Inner.Y.A", "P.Last.End"}
    assert r.send(Go()).microsteps[0].exited == everything[::-1]
    assert r.send(Back()).microsteps[0].entered == everything


# ---- 3


class Competing(StateMachine[Log, Go | Move]):
    """Inner regions, the outer regions around them and the whole handle one event."""

    class P(Parallel, initial=True):
        class One(Parallel):
            class In(State):
                class A(State, initial=True): ...

                class B(State): ...

            class Out(State):
                class A(State, initial=True): ...

        class Two(State):
            class A(State, initial=True): ...

    class Away(State): ...

    class Beyond(State): ...

    whole = edge(Go, P, to=Away)
    outer = edge(Go, P.One, to=Away)
    inner = edge(Go, P.One.In.A, to=P.One.In.B)
    # both leave everything: the earlier region wins
    early = edge(Move, P.One.Out, to=Away)
    late = edge(Move, P.Two, to=Beyond)


def test_when_inner_and_outer_regions_compete_the_inner_one_wins_and_then_the_earlier_region() -> None:
    r = Competing.rehearse()
    assert r.send(Go()).transitions == ("inner",)
    assert r.configuration == {"P.One.In.B", "P.One.Out.A", "P.Two.A"}
    assert r.send(Move()).transitions == ("early",)
    assert r.configuration == {"Away"}


def test_an_outer_transition_leaves_everything_once_no_inner_one_is_enabled() -> None:
    r = Competing.rehearse()
    r.send(Go())
    step = r.send(Go())
    assert step.transitions == ("outer",)
    assert r.configuration == {"Away"}


# ---- 4


class Unseen(StateMachine[Log, Go]):
    """Region 1 changes what the guard of region 2 asks."""

    class P(Parallel, initial=True):
        class One(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Two(State):
            class A(State, initial=True): ...

            class B(State): ...

    @guard
    def ready(self) -> bool:
        return self.ctx.ready

    @on(Go, P.One.A, to=P.One.B)
    def prepare(self) -> None:
        self.ctx.ready = True

    second = edge(Go, P.Two.A, to=P.Two.B, when=ready)


def test_a_guard_in_the_second_region_does_not_see_what_the_first_one_does_in_the_same_microstep() -> None:
    r = Unseen.rehearse()
    assert r.send(Go()).transitions == ("prepare",)
    assert r.ctx.ready
    assert r.configuration == {"P.One.B", "P.Two.A"}
    assert r.send(Go()).transitions == ("second",)


# ---- 5


class Deep(StateMachine[Log, Go]):
    """A target deep inside one region of nested parallels."""

    class Off(State, initial=True): ...

    class P(Parallel):
        class One(State):
            class A(State, initial=True): ...

        class Two(State):
            class A(State, initial=True): ...

            class B(Parallel):
                class X(State):
                    class A(State, initial=True): ...

                class Y(State):
                    class A(State, initial=True): ...

                    class B(State): ...

        class Three(State): ...

    go = edge(Go, Off, to=P.Two.B.Y.B)


def test_a_target_deep_inside_one_region_brings_all_other_regions_with_it() -> None:
    r = Deep.rehearse()
    entered = r.send(Go()).microsteps[0].entered
    assert r.configuration == {"P.One.A", "P.Two.B.X.A", "P.Two.B.Y.B", "P.Three"}
    assert entered == (
        "P",
        "P.One",
        "P.One.A",
        "P.Two",
        "P.Two.B",
        "P.Two.B.X",
        "P.Two.B.X.A",
        "P.Two.B.Y",
        "P.Two.B.Y.B",
        "P.Three",
    )


# ---- 6


class Passing(StateMachine[Log, Go | Back]):
    """A state that is entered and left within one macrostep, with an invoke and a timer."""

    class Off(State, initial=True): ...

    class Through(State): ...

    class On(State): ...

    go = edge(Go, Off, to=Through)
    on_ = always(Through, to=On)
    late = after("1s", Through, to=Off)
    back = edge(Back, On, to=Off)

    @invoke(Through)
    async def work(self) -> int:
        return 1

    @invoke(On)
    async def stay(self) -> int:
        return 2


def test_a_state_entered_and_left_within_one_macrostep_never_starts_its_invoke_or_timer() -> None:
    r = Passing.rehearse()
    step = r.send(Go())
    assert [m.entered for m in step.microsteps] == [("Through",), ("On",)]
    assert list(r.pending) == ["stay"]
    assert r.snapshot().timers == ()
    r.send(Back())
    assert not r.pending


# ---- 7


class Failing(StateMachine[Log, Go]):
    """The entry action of the second of two regions fails."""

    class Off(State, initial=True): ...

    class P(Parallel):
        class One(State):
            class A(State, initial=True): ...

        class Two(State):
            class A(State, initial=True): ...

        class Three(State): ...

    go = edge(Go, Off, to=P)

    @on_enter(P.One.A)
    def one(self) -> None:
        self.ctx.seen.append("one")

    @on_enter(P.Two)
    def two(self) -> None:
        self.ctx.seen.append("before")
        raise OSError("no paper")

    @on_enter(P.Two)
    def two_more(self) -> None:
        self.ctx.seen.append("the next block")

    @on_enter(P.Two.A, P.Three)
    def others(self) -> None:
        self.ctx.seen.append("others")


class FailingHandled(Failing):
    """The same, and an edge for the error."""

    @on(ActionFailed, Failing.P)
    def failed(self, ev: ActionFailed) -> None:
        self.ctx.seen.append(f"{ev.error.kind}: {ev.error.message}")


def test_an_entry_action_that_fails_in_the_second_region_leaves_the_configuration_legal_and_complete() -> None:
    r = FailingHandled.rehearse()
    r.send(Go())
    assert r.active == {"P", "P.One", "P.One.A", "P.Two", "P.Two.A", "P.Three"}
    assert r.ctx.seen == ["one", "before", "the next block", "others", "others", "OSError: no paper"]


def test_an_entry_action_that_fails_unhandled_leaves_everything_as_it_was() -> None:
    r = Failing.rehearse()
    before = r.snapshot()
    with pytest.raises(UnhandledError, match="no paper"):
        r.send(Go())
    assert r.snapshot() == before
    assert r.configuration == {"Off"}


# ---- 8


class AllDone(StateMachine[Log, Go | Move]):
    """Parallels within parallels whose regions all finish in one microstep."""

    class P(Parallel, initial=True):
        class One(Parallel):
            class X(State):
                class A(State, initial=True): ...

                class End(Final): ...

            class Y(State):
                class A(State, initial=True): ...

                class End(Final): ...

        class Two(State):
            class A(State, initial=True): ...

            class End(Final): ...

    x = edge(Go, P.One.X.A, to=P.One.X.End)
    y = edge(Go, P.One.Y.A, to=P.One.Y.End)
    two = edge(Go, P.Two.A, to=P.Two.End)
    only_two = edge(Move, P.Two.A, to=P.Two.End)

    @all_done(P)
    def whole(self) -> None:
        self.ctx.seen.append("P")

    @all_done(P.One)
    def one(self) -> None:
        self.ctx.seen.append("P.One")

    @all_done(P.One.X)
    def one_x(self) -> None:
        self.ctx.seen.append("P.One.X")

    @all_done(P.One.Y)
    def one_y(self) -> None:
        self.ctx.seen.append("P.One.Y")

    @all_done(P.Two)
    def two_done(self) -> None:
        self.ctx.seen.append("P.Two")


def test_nested_parallels_that_finish_in_one_microstep_tell_each_done_once_and_the_inner_first() -> None:
    r = AllDone.rehearse()
    r.send(Go())
    assert r.ctx.seen == ["P.One.X", "P.One.Y", "P.One", "P.Two", "P"]


def test_the_last_region_of_a_nested_parallel_completes_everything_around_it() -> None:
    r = AllDone.rehearse()
    r.send(Move())
    assert r.ctx.seen == ["P.Two"]
    r.send(Go())
    assert r.ctx.seen == ["P.Two", "P.One.X", "P.One.Y", "P.One", "P"]


# ---- 9


class Past(StateMachine[Log, Go | Move | Back | Stop]):
    """Shallow and deep histories of a compound and of a parallel state."""

    class Off(State, initial=True): ...

    class Box(State):
        class Shallow(History): ...

        class Deep(History, deep=True): ...

        class A(State, initial=True):
            class X(State, initial=True): ...

            class Y(State): ...

        class B(State):
            class X(State, initial=True): ...

            class Y(State): ...

    class P(Parallel):
        class Shallow(History): ...

        class Deep(History, deep=True): ...

        class One(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Two(State):
            class A(State): ...

            class B(State, initial=True): ...

    @guard
    def ready(self) -> bool:
        return self.ctx.ready

    past = default(Box.Shallow, to=Box.B.Y)
    deep_box = edge(Go, Off, to=Box.Deep, when=ready)
    box = edge(Go, Off, to=Box.Shallow)
    deep_p = edge(Back, Off, to=P.Deep, when=ready)
    p = edge(Back, Off, to=P.Shallow)
    across = edge(Move, Box.A.Y, to=Box.B.Y)
    move_box = edge(Move, Box, to=Box.A.Y)
    move_p = edge(Move, P, to=(P.One.B, P.Two.A))
    stop_box = edge(Stop, Box, to=Off)
    stop_p = edge(Stop, P, to=Off)


Remembering = Rehearsal[Log, Go | Move | Back | Stop, None]


def _again(r: Remembering, restored: bool) -> Remembering:
    return Past.rehearse(snapshot=r.snapshot().to_json()) if restored else r


@pytest.mark.parametrize("restored", [False, True], ids=["live", "restored"])
def test_histories_of_a_compound_state_survive_a_snapshot(restored: bool) -> None:
    r = _again(Past.rehearse(), restored)
    r.send(Go())
    assert r.configuration == {"Box.B.Y"}, "without a past, the default"
    r.send(Move())
    r.send(Stop())
    r = _again(r, restored)
    r.send(Go())
    assert r.configuration == {"Box.A.X"}, "shallow: the child, entered by default"
    r.send(Move())
    r.send(Stop())
    r = _again(r, restored)
    r.ctx.ready = True
    r.send(Go())
    assert r.configuration == {"Box.A.Y"}, "deep: all levels"


@pytest.mark.parametrize("restored", [False, True], ids=["live", "restored"])
def test_histories_of_a_parallel_state_survive_a_snapshot(restored: bool) -> None:
    r = _again(Past.rehearse(), restored)
    r.send(Back())
    assert r.configuration == {"P.One.A", "P.Two.B"}
    r.send(Move())
    r.send(Stop())
    r = _again(r, restored)
    r.send(Back())
    assert r.configuration == {"P.One.A", "P.Two.B"}, "shallow: the regions, entered by default"
    r.send(Move())
    r.send(Stop())
    r = _again(r, restored)
    r.ctx.ready = True
    r.send(Back())
    assert r.configuration == {"P.One.B", "P.Two.A"}, "deep: what was active in every region"


# ---- 10


class Timed(StateMachine[Log, Go | Stop]):
    """A timer of a state that is left, and one of the state around it."""

    class Off(State, initial=True): ...

    class On(State):
        class A(State, initial=True): ...

        class B(State): ...

    class Late(State): ...

    go = edge(Go, Off, to=On)
    stop = edge(Stop, On, to=Off)

    @after("10s", On.A, to=On.B)
    def soon(self) -> None:
        self.ctx.seen.append(f"soon {self.now:%H:%M:%S}")

    @after("10s", On, to=Late)
    def later(self) -> None:
        self.ctx.seen.append(f"later {self.now:%H:%M:%S}")


class Racing(StateMachine[Log, Go]):
    """Two timers that are due at the same time, of which each leaves the other's state."""

    class On(State, initial=True): ...

    class Late(State): ...

    class Later(State): ...

    first = after("10s", On, to=Late)
    second = after("10s", On, to=Later)


def test_a_timer_that_is_due_while_its_state_is_being_left_never_fires() -> None:
    r = Racing.rehearse()
    r.advance("1m")
    assert r.configuration == {"Late"}
    assert [m.transitions for m in r.trace[1:]] == [("first",)]


def test_a_timer_is_cleared_when_its_state_is_left_and_starts_anew_when_it_is_entered_again() -> None:
    r = Timed.rehearse()
    r.send(Go())
    r.advance("9s")
    r.send(Stop())
    r.advance("9s")
    assert r.ctx.seen == []
    r.send(Go())
    r.advance("9s")
    assert r.configuration == {"On.A"}
    r.advance("1s")
    # both are due now: the outer state was entered first
    assert r.configuration == {"Late"}
    assert r.ctx.seen == ["later 00:00:28"]


def test_a_timer_whose_due_time_passed_while_the_process_was_down_fires_once_at_once_after_the_restart() -> None:
    r = Timed.rehearse()
    r.send(Go())
    r.advance("4s")
    saved = r.snapshot().to_json()
    # the process is down for a minute; the clock of the restarted one says so
    restarted = Timed.rehearse(snapshot=saved)
    restarted.advance("1m")
    assert restarted.configuration == {"Late"}
    assert restarted.ctx.seen == ["later 00:00:10"], "at its due time, and once"
    restarted.advance("1h")
    assert restarted.ctx.seen == ["later 00:00:10"]
    again = Timed.rehearse(snapshot=restarted.snapshot())
    again.advance("1h")
    assert again.ctx.seen == ["later 00:00:10"]


# ---- 11


class SameNames(StateMachine[Log, Go | Move]):
    """The same names in every region and at every depth."""

    class Work(Parallel, initial=True):
        class Idle(State):
            class Idle(State, initial=True): ...

            class Work(State): ...

        class Work(State):
            class Idle(State, initial=True): ...

            class Work(State):
                class Idle(State, initial=True): ...

                class Work(State): ...

    go = edge(Go, Work.Work.Idle, to=Work.Work.Work.Work)
    move = edge(Move, Work.Idle.Idle, to=Work.Idle.Work)


def test_equal_names_in_all_regions_are_different_states() -> None:
    r = SameNames.rehearse()
    assert r.configuration == {"Work.Idle.Idle", "Work.Work.Idle"}
    r.send(Go())
    assert r.configuration == {"Work.Idle.Idle", "Work.Work.Work.Work"}
    r = SameNames.rehearse(snapshot=r.snapshot().to_json())
    r.send(Move())
    assert r.configuration == {"Work.Idle.Work", "Work.Work.Work.Work"}


# ---- 12


def _illegal(r: Rehearsal[Log, Go | Move | Back | Stop, None]) -> list[str]:
    """Written for `Past` alone, so that it depends on nothing: what is active against what must be."""
    children = {
        "": ("Off", "Box", "P"),
        "Box": ("Box.A", "Box.B"),
        "Box.A": ("Box.A.X", "Box.A.Y"),
        "Box.B": ("Box.B.X", "Box.B.Y"),
        "P.One": ("P.One.A", "P.One.B"),
        "P.Two": ("P.Two.A", "P.Two.B"),
    }
    wrong = []
    for parent, names in children.items():
        count = sum(1 for name in names if name in r.active)
        if count != (1 if parent in (r.active | {""}) else 0):
            wrong.append(f"{parent}: {count}")
    if len({"P", "P.One", "P.Two"} & r.active) not in (0, 3):
        wrong.append("P")
    return wrong


def test_every_configuration_of_a_random_walk_is_legal() -> None:
    rng = Random(12)
    r = Past.rehearse()
    visited = set()
    for _ in range(500):
        # the events that have an edge in the configuration, so that none is refused
        choices: list[Go | Move | Back | Stop] = [Go(), Back()] if r.configuration == {"Off"} else [Move(), Stop()]
        r.ctx.ready = rng.random() < 0.5
        r.send(rng.choice(choices))
        visited.add(r.configuration)
        assert _illegal(r) == [], r.trace[-3:]
        if rng.random() < 0.1:
            r = Past.rehearse(snapshot=r.snapshot())
    assert len(visited) == 7
