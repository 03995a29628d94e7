"""States: classes that are values."""

from __future__ import annotations

import pytest

from fsm import Context, Event, Final, History, Parallel, State, StateMachine, edge
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd


class Go(Event): ...


class Back(Event): ...


@pytest.mark.parametrize("kind", [State, Parallel, Final])
def test_calling_a_state_is_refused_with_the_fix(kind: type) -> None:
    made = type("Open", (kind,), {})
    with pytest.raises(DefinitionError, match=r"Open\(…\) calls a state; use the class itself as the value"):
        made()
    with pytest.raises(DefinitionError, match=r"Open\(…\) calls a state"):
        made("text", initial=True)


def test_one_tag_may_be_plain_text() -> None:
    class One(State, tags="busy"): ...

    class Two(State, tags=("busy", "slow")): ...

    assert (One.__tags__, Two.__tags__) == ({"busy"}, {"busy", "slow"})


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("intial", "did you mean initial="),
        ("parallel", r"write `class Open\(Parallel\)`"),
        ("color", "there are initial=, tags="),
    ],
)
def test_an_unknown_keyword_of_a_state_is_refused_with_what_may_have_been_meant(word: str, advice: str) -> None:
    with pytest.raises(DefinitionError, match=f"state Open: {word}= is no keyword of the class; {advice}"):

        class Machine(StateMachine[Context, Go]):
            class Shut(State, initial=True): ...

            class Open(State, **{word: True}): ...

            go = edge(Go, Shut, to=Open)


def test_a_deep_history_can_be_written_in_three_ways() -> None:
    class Machine(StateMachine[Context, Go | Back]):
        class Off(State, initial=True): ...

        class On(State):
            class A(State, initial=True):
                class X(State, initial=True): ...

                class Y(State): ...

            class Shallow(History): ...

            class Deep(History, deep=True): ...

            class Deeper(odd(History(deep=True))): ...  # type: ignore[misc]

            Deepest = History(deep=True)
            Plain = History()

        one = edge(Go, Off, to=On)
        turn = edge(Go, On.A.X, to=On.A.Y)
        off = edge(Back, On, to=Off)

    nodes = {n.name: n for n in Machine.__chart__.nodes}
    assert [n for n in nodes if nodes[n].kind == "history"] == ["Shallow", "Deep", "Deeper", "Deepest", "Plain"]
    assert [nodes[n].deep for n in ("Shallow", "Deep", "Deeper", "Deepest", "Plain")] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_a_state_knows_the_line_it_stands_on() -> None:
    class Open(State):
        class Inner(State): ...

    line = test_a_state_knows_the_line_it_stands_on.__code__.co_firstlineno
    assert Open.__where__ == (__file__, line + 1)
    assert Open.Inner.__where__ == (__file__, line + 2)
