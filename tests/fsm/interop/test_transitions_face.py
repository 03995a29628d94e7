"""Our charts as settings of `transitions`."""

from __future__ import annotations

from fsm import Event, Final, History, Parallel, State, StateMachine, after, edge, guard, on
from fsm.interop.transitions_face import Face


class Go(Event): ...


class Far(Go): ...


class Stop(Event): ...


class Trip(StateMachine):
    class Home(State, initial=True): ...

    class Away(State):
        class Near(State, initial=True): ...

        class Lost(Final): ...

        class Last(History): ...

    class Both(Parallel):
        class Left(State): ...

        class Right(State): ...

    @guard
    def willing(self) -> bool:
        return True

    @on(Go, Home, to=Away, when=willing)
    def pack(self) -> None: ...

    lost = edge(Stop, Away.Near, to=Away.Lost)
    again = edge(Stop, Home, to=Away.Last)
    bored = after("1h", Home, to=Both)
    shout = edge(Stop)


def test_states_are_nested_settings_without_histories() -> None:
    states = Face(Trip.__chart__).states()
    assert [s["name"] for s in states] == ["Home", "Away", "Both"]
    assert [(s["name"], s["final"]) for s in states[1]["children"]] == [("Near", False), ("Lost", True)]
    assert (states[1]["initial"], states[2]["initial"]) == ("Near", ["Left", "Right"])


def test_every_event_that_takes_a_transition_is_a_trigger() -> None:
    face = Face(Trip.__chart__)
    assert set(face.triggers) == {"Go", "Go.Far", "Stop"}
    found = [(t["trigger"], t["source"], t["dest"], t["conditions"]) for t in face.transitions()]
    assert found == [
        ("Go", "Home", "Away", ["willing"]),
        ("Go.Far", "Home", "Away", ["willing"]),
        ("Stop", "Away.Near", "Away.Lost", None),
        ("Stop", "Home", "Away", None),
        ("after 1h", "Home", "Both", None),
        ("Stop", ["Home", "Away", "Both"], None, None),
    ]


def test_names_are_joined_by_what_fits() -> None:
    flat = StateMachine.from_transitions(["in_progress", "done"], initial="done")
    assert (Face(flat.__chart__).separator, Face(flat.__chart__).local[1]) == (".", "in_progress")
    nested = StateMachine.from_transitions(["a", {"name": "c", "children": ["x"]}], initial="a")
    face = Face(nested.__chart__)
    assert face.separator == "_"
    assert [face.name(n.index) for n in nested.__chart__.nodes[1:]] == ["a", "c", "c", "c_x"]
