"""A class becomes a chart: class keywords, and nothing but DefinitionError for whatever a decorator is given."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from fsm import (
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
    in_state,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Data(Context):
    count: int = 0


# ---- class keywords


@refused("Odd: unhandled='maybe' is not a policy", "'raise', 'ignore' or 'defer'")
def test_a_wrong_policy() -> None:
    class Odd(StateMachine[Data, Go], unhandled="maybe"):
        class A(State, initial=True): ...


@refused("Odd: unhandled='' is not a policy", "'raise', 'ignore' or 'defer'")
def test_an_empty_policy() -> None:
    class Odd(StateMachine[Data, Go], unhandled=""):
        class A(State, initial=True): ...


@refused("Odd: name=5 is not a name", "write text")
def test_a_number_as_a_name() -> None:
    class Odd(StateMachine[Data, Go], name=odd(5)):
        class A(State, initial=True): ...


@refused("Odd: name='' is not a name", "write text")
def test_an_empty_name() -> None:
    class Odd(StateMachine[Data, Go], name=""):
        class A(State, initial=True): ...


@refused("Odd: version=[1, 2] is not a version", "'1.2'")
def test_a_list_as_a_version() -> None:
    class Odd(StateMachine[Data, Go], version=odd([1, 2])):
        class A(State, initial=True): ...


@pytest.mark.parametrize(("given", "kept"), [(2, "2"), ("1.2", "1.2"), (None, "1")])
def test_a_version_is_kept_as_text(given: Any, kept: str) -> None:
    class Fine(StateMachine[Data, Go], version=given, name="fine"):
        class A(State, initial=True): ...

    assert (Fine.__chart__.version, Fine.__chart__.name) == (kept, "fine")


@pytest.mark.parametrize(("word", "advice"), [("verson", "did you mean version="), ("colour", "there are name=, ver")])
def test_an_unknown_class_keyword_is_refused_with_what_may_have_been_meant(word: str, advice: str) -> None:
    with pytest.raises(DefinitionError, match=f"{word}= is no keyword of the class; {advice}"):

        class Odd(StateMachine[Data, Go], **{word: 2}):
            class A(State, initial=True): ...


def test_an_unknown_name_in_the_body_is_pythons_own_error() -> None:
    with pytest.raises(AttributeError, match="Nowhere"):

        class Odd(StateMachine[Data, Go]):
            class A(State, initial=True): ...

            go = edge(Go, A.Nowhere)  # type: ignore[attr-defined]


# ---- the whole report


def test_the_error_names_the_machine_counts_its_mistakes_and_keeps_them() -> None:
    with pytest.raises(DefinitionError) as caught:

        class Odd(StateMachine[Data, Go]):
            class A(State): ...

            go = edge(odd("Go"), A)

    problem = caught.value
    assert problem.machine == "Odd"
    assert str(problem).startswith("Odd: 2 mistakes in the definition.\n  - test_compile.py:")
    assert [p.split(": ", 1)[1] for p in problem.problems] == [
        "Odd: missing initial: none of its states is entered first; write initial=True on exactly one, as in"
        " `class A(State, initial=True)`",
        "edge go: 'Go' is not an event; use a subclass of fsm.Event",
    ]
    assert isinstance(problem, TypeError)


def test_the_chart_knows_where_its_class_stands() -> None:
    class Fine(StateMachine[Data, Go]):
        """What it is for."""

        class A(State, initial=True):
            """A place."""

        @on(Go, A)
        def go(self) -> None:
            """Why."""

    chart = Fine.__chart__
    assert (chart.file, chart.doc, chart.nodes[1].doc) == (__file__, "What it is for.", "A place.")
    assert chart.line == test_the_chart_knows_where_its_class_stands.__code__.co_firstlineno + 1
    assert chart.transitions[0].where == f"test_compile.py:{chart.line + 6}"
    assert chart.transitions[0].doc == "Why."


def test_the_digest_is_the_shape_not_the_code() -> None:
    def make(delay: str, text: str) -> str:
        class Fine(StateMachine[Data, Go]):
            class A(State, initial=True): ...

            late = after(delay, A, to=A)

            @on(Go, A)
            def go(self) -> None:
                print(text)

        return Fine.__chart__.digest

    assert make("1s", "a") == make("1000ms", "b")
    assert make("1s", "a") != make("2s", "a")


def test_a_class_with_a_thousand_states_is_made_in_a_moment() -> None:
    class Group(State):
        class X(State, initial=True): ...

        class Y(State): ...

        go = edge(Go, X, to=Y)

    lines = ["class Big(StateMachine[Data, Go]):"]
    for n in range(300):
        lines += [f"    class S{n}(Group{', initial=True' if not n else ''}): ..."]
    lines += [f"    e{n} = edge(Go, S{n}.Y, to=S{n + 1})" for n in range(299)]
    names = {**globals(), "Group": Group}
    begun = time.process_time()
    exec("\n".join(lines), names)
    assert len(names["Big"].__chart__.nodes) == 901
    assert time.process_time() - begun < 5


# ---- whatever a decorator is given


class Foreign(StateMachine[Data, Go]):
    class Far(State, initial=True):
        class Past(History): ...

        class Deep(State, initial=True): ...

    @invoke(Far)
    async def foreign_work(self) -> int:
        return 1

    @guard
    def foreign_guard(self) -> bool:
        return True

    foreign_edge = edge(Go, Far)


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("never")

    __hash__ = None  # type: ignore[assignment]


ODD: list[Any] = [
    None,
    "Open",
    "",
    5,
    -1,
    0.5,
    float("nan"),
    True,
    b"x",
    [],
    {},
    (),
    ("A",),
    (None,),
    object(),
    lambda: True,
    lambda self: True,
    lambda self, ev: True,
    lambda self, ev, more: True,
    print,
    len,
    int,
    type,
    Event,
    Go,
    Go(),
    Data,
    Data(),
    State,
    Parallel,
    Final,
    History,
    Foreign,
    Foreign.Far,
    Foreign.Far.Past,
    Foreign.foreign_work,
    Foreign.foreign_guard,
    Foreign.foreign_edge,
    in_state(Foreign.Far),
    timedelta(seconds=-1),
    timedelta.max,
    "9" * 1000 + "w",
    staticmethod(lambda self: None),
    classmethod(lambda cls: None),
    property(lambda self: None),
    Unspeakable(),
    iter([]),
    Exception("x"),
    NotImplemented,
    ...,
]

PLACES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "event of edge": lambda x, A, B: edge(x, A, to=B),
    "source of edge": lambda x, A, B: edge(Go, x, to=B),
    "second source of edge": lambda x, A, B: edge(Go, A, x),
    "target of edge": lambda x, A, B: edge(Go, A, to=x),
    "one of the targets": lambda x, A, B: edge(Go, A, to=(B, x)),
    "guard of edge": lambda x, A, B: edge(Go, A, to=B, when=x),
    "part of a guard": lambda x, A, B: edge(Go, A, to=B, when=in_state(A) & x),
    "first part of a guard": lambda x, A, B: edge(Go, A, to=B, when=Foreign.foreign_guard | ~in_state(x)),
    "function of a guard": lambda x, A, B: edge(Go, A, to=B, when=guard(x)),
    "reenter": lambda x, A, B: edge(Go, A, to=B, reenter=x),
    "action": lambda x, A, B: on(Go, A, to=B)(x),
    "event of on": lambda x, A, B: on(x, A, to=B)(lambda self: None),
    "delay": lambda x, A, B: after(x, A, to=B),
    "source of after": lambda x, A, B: after("1s", x, to=B),
    "source of always": lambda x, A, B: always(x, to=B),
    "target of always": lambda x, A, B: always(A, to=x),
    "subject of all_done": lambda x, A, B: all_done(x, to=B),
    "history of default": lambda x, A, B: default(x, to=B),
    "target of default": lambda x, A, B: default(A.H, to=x),
    "state of on_enter": lambda x, A, B: on_enter(x)(lambda self: None),
    "method of on_exit": lambda x, A, B: on_exit(A)(x),
    "state of output": lambda x, A, B: output(x)(lambda self: None),
    "state of invoke": lambda x, A, B: invoke(x)(odd(lambda self: None)),
    "timeout of invoke": lambda x, A, B: invoke(A, timeout=x)(odd(lambda self: None)),
    "method of invoke": lambda x, A, B: invoke(A)(x),
    "target of done": lambda x, A, B: invoke(A)(odd(lambda self: None)).done(to=x),
    "an attribute": lambda x, A, B: x,
}


def _make(given: list[tuple[str, Any]]) -> type[StateMachine[Data, Go]]:
    class Fuzzed(StateMachine[Data, Go]):
        class A(State, initial=True):
            class X(State, initial=True): ...

            class H(History): ...

        class B(State): ...

        plain = edge(Go, B, to=A)
        stay = after("1h", A, to=B)
        number, place, value = 0, "", None
        for number, (place, value) in enumerate(given):
            locals()[f"fuzzed{number}"] = PLACES[place](value, A, B)
        del number, place, value

    return Fuzzed


def _told(make: Callable[[], Any]) -> bool:
    """Whether the class is refused, and if so with a readable report; else it runs."""
    try:
        made = make()
    except DefinitionError as refusal:
        return bool(refusal.problems) and all(20 < len(p) < 500 for p in refusal.problems)
    made.rehearse()
    return True


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("place", PLACES)
def test_odd_arguments_are_refused_with_a_definition_error_or_make_a_machine(place: str) -> None:
    for value in ODD:
        assert _told(partial(_make, [(place, value)]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_many_odd_arguments_together_are_refused_together() -> None:
    dice = random.Random(7)
    for _ in range(150):
        given = [(dice.choice(list(PLACES)), dice.choice(ODD)) for _ in range(dice.randint(2, 6))]
        assert _told(partial(_make, given))


BASES = [State, Parallel, Final, History, Foreign.Far, int, object, Go]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("initial", [True, None, "x", 5])
@pytest.mark.parametrize("tags", [(), "t", 5, [[]]])
def test_odd_state_classes_are_refused_with_a_definition_error_or_make_a_machine(
    base: Any, initial: Any, tags: Any
) -> None:
    keywords = {"initial": initial, "tags": tags} if issubclass(base, State | Parallel | Final | History) else {}

    def make() -> Any:
        class Fuzzed(StateMachine[Data, Go]):
            class A(State, initial=True): ...

            class B(base, **keywords): ...  # type: ignore[misc]

            go = edge(Go, A, to=odd(B))

        return Fuzzed

    assert _told(make)
