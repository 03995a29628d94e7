"""Room is asked for once a batch, and again when it seems to be used up."""

from __future__ import annotations

from fsm.ports.store import Commit
from persistence.conformance.law import event
from persistence.room import Room, bounds


def sends(instance: str, count: int = 1, most: int | None = 5) -> Commit:
    return Commit(instance, accepted=[event(instance, str(n)) for n in range(count)], inbox_max=most)


class Inboxes:
    """Answers with what waits, and remembers what it was asked."""

    def __init__(self, **waiting: int) -> None:
        self.waiting, self.asked = waiting, list[tuple[str, int]]()

    def count(self, instance: str, most: int) -> int:
        self.asked.append((instance, most))
        return self.waiting[instance]


def test_an_inbox_is_counted_once_and_then_what_is_added_to_it() -> None:
    inboxes = Inboxes(a=1)
    room = Room(inboxes.count, lambda instance: False)
    for _ in range(4):
        assert room.admits(sends("a"))
        room.note(sends("a"))
    assert inboxes.asked == [("a", 6)]


def test_an_inbox_that_seems_full_is_counted_again() -> None:
    inboxes = Inboxes(a=5)
    room = Room(inboxes.count, lambda instance: False)
    assert not room.admits(sends("a"))
    inboxes.waiting["a"] = 4
    assert room.admits(sends("a"))
    assert len(inboxes.asked) == 2


def test_who_sends_nothing_or_without_a_limit_is_not_counted() -> None:
    room = Room(Inboxes().count, lambda instance: False)
    assert room.admits(Commit("a"))
    assert room.admits(sends("a", most=None))
    answer = Commit("a", accepted=[event("a", "r", lane="result")])
    assert room.admits(answer)
    assert bounds([Commit("a"), sends("a", most=None), answer]) == {}


def test_the_strictest_limit_of_a_batch_is_presumed() -> None:
    assert bounds([sends("a", most=9), sends("a", most=3), sends("b", most=4), sends("a", most=7)]) == {"a": 3, "b": 4}
