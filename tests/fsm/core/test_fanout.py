"""What a fan-out comes to, item by item."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fsm import Context, State, StateMachine, invoke
from fsm.core.fanout import Kinds, Tally, failed, parts
from fsm.errors import CallFailed, CallInvalid, ItemFailed, ItemsInvalid, TooFewSucceeded
from fsm.limits import ITEMS_BYTES_MAX, ITEMS_MAX


class Data(Context):
    items: Any = []


def machine(**said: Any) -> Any:
    class Worker(StateMachine[Data]):
        class Open(State, initial=True): ...

        @invoke(Open, each=lambda self: self.ctx.items, **said)
        async def work(self, item: int) -> int:
            return item

    return Worker


def tally(count: int, **said: Any) -> Tally:
    return Tally(machine(**said).__chart__.invokes[0], count)


def told(tally: Tally, **outcomes: int | Exception) -> Tally:
    for name, outcome in outcomes.items():
        number = int(name.removeprefix("n"))
        tally.note(number, failed(outcome) if isinstance(outcome, Exception) else f'{{"ok":{outcome}}}')
    return tally


def test_results_come_in_the_order_of_the_items() -> None:
    known = told(tally(3), n2=20, n0=0)
    assert not known.over
    assert told(known, n1=10).over
    assert json.loads(known.payload()) == [0, 10, 20]


def test_no_items_are_done_at_once() -> None:
    assert (tally(0).over, tally(0).payload(), tally(0, failures="keep").payload()) == (True, "[]", "[]")


def test_the_first_failure_is_the_failure_of_all() -> None:
    known = told(tally(5), n0=0, n3=CallFailed("web", "get", "Gone", "no page", {"code": 410}), n1=KeyError("x"))
    assert known.over
    with pytest.raises(ItemFailed) as caught:
        known.payload()
    error = caught.value
    assert (error.item, error.kind, error.message, error.data) == (3, "Gone", "item 3: no page", {"code": 410})


def test_one_success_is_enough_for_any() -> None:
    known = told(tally(3, join="any"), n1=KeyError("x"))
    assert not known.over
    assert told(known, n2=7).over
    assert known.payload() == "7"


def test_any_of_nothing_and_of_failures_only_fails() -> None:
    with pytest.raises(TooFewSucceeded, match="1 of 0 items"):
        tally(0, join="any").payload()
    known = told(tally(2, join="any"), n1=KeyError("x"), n0=ValueError("y"))
    assert known.over
    with pytest.raises(
        TooFewSucceeded, match="1 of 2 items were to succeed, 2 failed: item 1: KeyError: 'x'"
    ) as caught:
        known.payload()
    assert [(d["item"], d["kind"]) for d in caught.value.data] == [(1, "KeyError"), (0, "ValueError")]


def test_a_quorum_takes_as_many_results_as_it_needs() -> None:
    known = told(tally(5, join=2), n4=40, n1=KeyError("x"))
    assert not known.over
    assert told(known, n2=20).over
    assert json.loads(known.payload()) == [20, 40]
    assert json.loads(told(tally(3, join=2), n0=0, n1=1, n2=2).payload()) == [0, 1]


def test_a_quorum_that_cannot_be_met_ends_at_once() -> None:
    assert told(tally(3, join=2), n0=KeyError("x"), n1=KeyError("y")).over
    assert tally(1, join=2).over


def test_kept_failures_stop_nothing() -> None:
    known = told(tally(3, failures="keep"), n0=KeyError("x"), n1=1)
    assert not known.over
    found = json.loads(told(known, n2=2).payload())
    assert found[0]["error"]["kind"] == "KeyError"
    assert found[1:] == [{"data": 1, "source": "work"}, {"data": 2, "source": "work"}]


def test_a_result_that_could_not_be_read_again_is_a_failure() -> None:
    kinds = Kinds(machine().__chart__.invokes[0].fan)
    assert kinds.outcome(5) == '{"ok":5}'
    assert kinds.item("5") == 5
    for result in ("five", object()):
        with pytest.raises(CallInvalid):
            kinds.outcome(result)


def test_items_are_numbered() -> None:
    assert parts('["a",{"b":1}]') == [(0, '"a"'), (1, '{"b": 1}')]


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (5, "gave a int, not a list"),
        (None, "gave a NoneType, not a list"),
        ([1] * (ITEMS_MAX + 1), "the limit is 10,000"),
        (["1" * 4000] * (ITEMS_BYTES_MAX // 4000 + 1), "bytes, the limit is"),
    ],
)
def test_what_is_no_list_within_bounds_fails_the_turn(items: Any, text: str) -> None:
    class Worker(StateMachine[Context]):
        class Open(State, initial=True): ...

        @invoke(Open, each=lambda self: items)
        async def work(self, item: Any) -> None: ...

    with pytest.raises(ItemsInvalid, match=text):
        Worker.rehearse()


def test_items_that_the_method_cannot_take_fail_the_turn() -> None:
    with pytest.raises(ItemsInvalid, match="gave items that work cannot take"):
        machine().rehearse(Data(items=["five"]))


def test_a_list_that_cannot_be_made_fails_the_turn_and_says_where() -> None:
    class Worker(StateMachine[Context]):
        class Open(State, initial=True): ...

        @invoke(Open, each=lambda self: self.ctx.nothing)
        async def work(self, item: int) -> None: ...

    with pytest.raises(
        ItemsInvalid, match=r"each=<lambda> of invoke work \(test_fanout.py:\d+\) raised AttributeError"
    ):
        Worker.rehearse()
