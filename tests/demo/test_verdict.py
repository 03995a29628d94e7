"""The verdict: green on what a good run leaves behind, red on every way to doctor it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fsm.demo.ledger import Run
from fsm.demo.script import Plan, write_script
from fsm.demo.verdict import Ended, Evidence, differences


def good(kills: int = 2) -> Evidence:
    """A run without a fault: every call of A-02's was cut short in life 1 and made again in life 2."""
    plans = write_script(1, 4, kills).orders
    runs: list[Run] = []
    orders: dict[str, Ended] = {}
    for plan in plans:
        mine = list(_runs(plan))
        runs += mine
        orders[plan.id] = _ended(plan, mine)
    return Evidence(plans, orders, tuple(runs), frozenset({1}))


def _runs(plan: Plan) -> list[Run]:
    found = []
    for method, times in plan.calls.items():
        for k in range(times):
            key = f"{plan.id}:{method}:{k}"
            outcome, amount = "ok", plan.amount if method == "payments.charge" else 0
            if method == "payments.charge" and (plan.kind == "declined" or k < times - 1):
                outcome = "CardDeclined" if plan.kind == "declined" else "GatewayDown"
            if plan.id == "A-02":
                found.append(Run(f"1-{key}", 1, key, plan.id, method, 1, None, "", amount))
            found.append(Run(f"2-{key}", 2, key, plan.id, method, 2, outcome, key, amount))
    return found


def _ended(plan: Plan, runs: list[Run]) -> Ended:
    last = {r.method: r.number for r in runs if r.outcome == "ok"}
    context = {
        "customer": plan.customer,
        "amount": plan.amount,
        "tries": plan.tries,
        "card": plan.card,
        "courier": plan.courier,
        "receipt": f"R-{last.get('payments.charge')}",
        "parcel": f"P-{last.get('warehouse.pack')}",
        "letter": f"L-{last.get('post.write')}",
    }
    events = ["start", *plan.events]
    turns = tuple(enumerate(events, 1))
    recorded = tuple((r.method, r.run) for r in runs if r.outcome is not None)
    return Ended("done", (plan.ends_in,), context, len(turns), turns, recorded)


def order(evidence: Evidence, id: str, **changes: object) -> Evidence:
    """The same evidence with one order told differently."""
    return replace(evidence, orders={**evidence.orders, id: replace(evidence.orders[id], **changes)})  # type: ignore[arg-type]


def ledger(evidence: Evidence, *runs: Run) -> Evidence:
    """The same evidence with more lines in the ledger."""
    return replace(evidence, runs=(*evidence.runs, *runs))


def run_of(evidence: Evidence, order: str, method: str) -> Run:
    """The run that was recorded."""
    return [r for r in evidence.runs if r.order == order and r.method == method][-1]


def only(evidence: Evidence, says: str) -> None:
    """The verdict is red, and says why."""
    assert any(says in text for text in differences(evidence)), differences(evidence)


def test_a_good_run_has_no_differences() -> None:
    assert differences(good()) == []


def test_a_recorded_call_that_runs_again_is_found() -> None:
    evidence = good()
    once = run_of(evidence, "A-02", "payments.charge")
    only(ledger(evidence, replace(once, run="3-1", life=3)), "ran again after its answer was recorded")


def test_money_taken_twice_is_found() -> None:
    evidence = good()
    once = run_of(evidence, "A-02", "payments.charge")
    twice = ledger(evidence, replace(once, run="3-1", life=3, key="another"))
    only(twice, "needs 1 calls of payments.charge, the ledger has 2 keys")
    only(twice, "must be paid")
    only(twice, "has no recorded answer")


def test_a_call_repeated_within_one_life_is_found() -> None:
    evidence = good()
    cut = next(r for r in evidence.runs if r.outcome is None)
    only(replace(evidence, runs=(cut, *evidence.runs)), "ran more than once in one life")


def test_a_call_cut_short_by_nobody_is_found() -> None:
    only(replace(good(), killed=frozenset()), "though life 1 was not killed")


def test_a_call_that_was_never_repeated_is_found() -> None:
    evidence = good()
    gone = run_of(evidence, "A-02", "warehouse.pack")
    only(replace(evidence, runs=tuple(r for r in evidence.runs if r is not gone)), "cut short and never repeated")


def test_work_done_twice_under_one_key_is_found() -> None:
    evidence = good()
    runs = tuple(replace(r, outcome="ok") if r.outcome is None else r for r in evidence.runs)
    only(replace(evidence, runs=runs), "did its work 2×")


def test_work_recognised_by_its_key_is_in_order() -> None:
    evidence = good()
    runs = tuple(
        replace(r, outcome="ok", number=r.key) if r.outcome is None else replace(r, recognised=r.order == "A-02")
        for r in evidence.runs
    )
    assert differences(replace(evidence, runs=runs)) == []


def test_an_answer_from_nowhere_is_found() -> None:
    evidence = good()
    recorded = (*evidence.orders["A-02"].recorded, ("post.write", "9-9"))
    only(order(evidence, "A-02", recorded=recorded), "that the service never gave")


def test_an_answer_recorded_twice_is_found() -> None:
    evidence = good()
    recorded = evidence.orders["A-02"].recorded
    only(order(evidence, "A-02", recorded=(*recorded, recorded[0])), "was recorded 2×")


def test_a_lost_and_an_invented_order_are_found() -> None:
    evidence = good()
    others = {id: ended for id, ended in evidence.orders.items() if id != "A-03"}
    only(replace(evidence, orders=others), "A-03: the order is lost")
    only(replace(evidence, orders={**others, "B-1": evidence.orders["A-03"]}), "B-1: nobody ordered this")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"configuration": ("Cancelled",)}, "must be done in Shipped"),
        ({"status": "parked"}, "must be done in Shipped"),
        ({"seq": 9}, "the instance stands at 9"),
        ({"turns": ((1, "start"), (3, "Pay"), (4, "Collected"))}, "its journal has the turns [1, 3, 4]"),
        ({"turns": ((1, "start"), (2, "Pay"), (3, "Pay")), "seq": 3}, "must take Pay 1×, took it 2×"),
        ({"turns": ((1, "start"), (2, "Pay")), "seq": 2}, "must take Collected 1×, took it 0×"),
        ({"waiting": 1}, "1 events were left over"),
    ],
)
def test_an_order_that_went_another_way_is_found(changes: dict[str, object], says: str) -> None:
    only(order(good(), "A-02", **changes), says)


def test_wrong_data_are_found() -> None:
    evidence = good()
    context = dict(evidence.orders["A-02"].context)
    only(order(evidence, "A-02", context={**context, "tries": 2}), "its tries must be 1, is 2")
    only(order(evidence, "A-02", context={**context, "receipt": "R-0"}), "its receipt is 'R-0', the service gave")
