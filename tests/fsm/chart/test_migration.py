"""What a migration says, and what its class refuses."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, Event, Final, Migration, State, StateMachine, after, edge
from fsm.chart.migration import number_of
from fsm.errors import DefinitionError


class Go(Event):
    """On."""


def machine(*migrations: Any, version: int = 3) -> type[StateMachine[Any, Any, Any]]:
    """A class with these migrations."""

    class Order(StateMachine[Context, Go], version=version, migrations=migrations):
        class Open(State, initial=True):
            class Cart(State, initial=True): ...

        class Sold(Final): ...

        late = after("1h", Open, to=Sold)
        go = edge(Go, Open, to=Sold)

    return Order


def test_the_longest_path_that_has_a_new_name_decides() -> None:
    migration = Migration("1", {"A": "X", "A.B": "Y"})
    assert [migration.state(s) for s in ("A", "A.C", "A.B", "A.B.D", "AB", "Z")] == ["X", "X.C", "Y", "Y.D", "AB", "Z"]


def test_versions_are_ordered_by_their_numbers() -> None:
    assert sorted(["1.10", "2", "1.9"], key=number_of) == ["1.9", "1.10", "2"]


def test_migrations_stand_oldest_first_and_belong_to_their_class_alone() -> None:
    made = machine(Migration(2), Migration("1", {"Old": "Open"}))
    assert [str(m.version) for m in made.__migrations__] == ["1", "2"]

    class Other(made):  # type: ignore[misc, valid-type]
        pass

    assert Other.__migrations__ == ()


def test_states_lead_to_the_class_through_all_later_versions() -> None:
    made = machine(Migration(1, {"Old": "Middle"}), Migration(2, {"Middle": "Open"}))
    assert len(made.__migrations__) == 2
    assert machine(Migration(1, {"Old": "Middle"}), Migration(2, {"Middle.Cart": "Open.Cart"})).__migrations__


@pytest.mark.parametrize(
    ("migrations", "says"),
    [
        ([Migration("1", {"Old": "Nowhere"})], "'Old' becomes 'Nowhere', which is no state of this class"),
        ([Migration("1"), Migration(1)], "is there twice"),
        ([Migration("3")], "must lead away from an older version; this class is version 3"),
        ([Migration("1", timers={"late": "never"})], "the timer 'late' becomes 'never', but no"),
        ([Migration("1", ends="late")], "write ends=('late',)"),
        ([Migration("1", context="x")], "cannot be called"),  # type: ignore[arg-type]
        (["1"], "'1', which is not a migration"),
    ],
)
def test_what_does_not_fit_the_class_is_refused_when_it_is_made(migrations: list[Any], says: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        machine(*migrations)
    assert says in str(refused.value)
