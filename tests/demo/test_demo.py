"""The demonstration itself, small: a few orders, and a worker that is really killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from fsm.demo.ledger import Ledger, read_ledger
from fsm.demo.order import Answer as Said
from fsm.demo.order import Collected, Fraud, Order, OrderData, Pay, Payments, Post, Warehouse
from fsm.demo.script import KINDS, write_script


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fsm", "demo", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_demo_ends_with_nothing_lost_and_nothing_doubled(tmp_path: Path) -> None:
    done = demo(tmp_path, "--orders", "5", "--kills", "2", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("killed with SIGKILL") == 2
    assert "5 orders, 2 kills: nothing lost, nothing doubled" in done.stdout.splitlines()[-1]
    assert (tmp_path / "demo-output" / "order.svg").read_text().startswith("<?xml")
    assert (tmp_path / "demo-output" / "order.png").read_bytes().startswith(b"\x89PNG")
    lives = {run.life for run in read_ledger(tmp_path / "demo-output" / "ledger.jsonl")}
    assert max(lives) == 3


def test_wrong_numbers_are_wrong_use(tmp_path: Path) -> None:
    assert demo(tmp_path, "--orders", "0").returncode == 2
    assert demo(tmp_path, "--kills", "-1").returncode == 2


def test_a_seed_decides_everything() -> None:
    assert write_script(3, 20, 5) == write_script(3, 20, 5)
    assert write_script(3, 20, 5) != write_script(4, 20, 5)
    assert [p.data for p in write_script(3, 20, 0).orders] == [p.data for p in write_script(3, 20, 5).orders]


def test_twenty_orders_have_every_fate() -> None:
    plans = write_script(1, 20, 5).orders
    assert {p.kind for p in plans} == set(KINDS)
    assert {p.ends_in for p in plans} == {"Shipped", "Cancelled", "Rejected"}


class Friendly:
    """Every service at once: says yes, and fails as the card says."""

    def trusts(self, customer: str) -> Said:
        return Said(run="1", yes=not customer.startswith("shady"))

    def charge(self, card: str, amount: int, attempt: int) -> Said:
        if card == "declined":
            raise type("CardDeclined", (Exception,), {})("no")
        if card.startswith("flaky-") and attempt <= int(card[-1]):
            raise ConnectionError("down")
        return Said(run="2", number="R")

    def pack(self, amount: int) -> Said:
        return Said(run="3", number="P")

    def write(self, customer: str, receipt: str) -> Said:
        return Said(run="4", number="L")


def test_every_order_ends_in_rehearsal_where_its_plan_says() -> None:
    friend = Friendly()
    services = dict.fromkeys((Fraud, Payments, Warehouse, Post), friend)
    for plan in write_script(5, 10, 0).orders:
        order = Order.rehearse(OrderData(customer=plan.customer, amount=plan.amount), services=services)
        order.send(Pay(card=plan.card))
        order.settle()
        order.advance("5s")
        if plan.ships:
            order.send(Collected(courier=plan.courier))
        assert order.configuration == {plan.ends_in}
        assert order.ctx.tries == plan.tries


def test_a_ledger_that_was_cut_off_in_the_middle_of_a_line_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    about = {"run": "1-1", "life": 1, "key": "k", "order": "A-1", "method": "m", "attempt": 1, "amount": 3}
    Ledger(path).write(line="began", **about)
    with path.open("a") as file:
        file.write(json.dumps({"line": "ended", "run": "1-1"})[:12])
    (run,) = read_ledger(path)
    assert run.outcome is None
    assert run.amount == 3
