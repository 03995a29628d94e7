"""The services of the demonstration: slow, partly failing, and honest, for they keep a ledger by idempotency key.

A call that comes again with the key of one that had ended is recognised: it gets the same answer, the work is not done
a second time. That is all that a service must do to be called by machines that survive anything.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from fsm.demo.ledger import Ledger, read_ledger
from fsm.demo.order import Answer, Fraud, Payments, Post, Warehouse
from fsm.service import current_call


class Problem(Exception):
    """A failure of a service; `data` is recorded with it."""

    def __init__(self, message: str, run: str) -> None:
        super().__init__(message)
        self.data = {"run": run}


class CardDeclined(Problem):
    """The bank says no: to ask again would be no use."""


class GatewayDown(Problem):
    """The way to the bank is down for a moment."""


@dataclass(slots=True)
class Served:
    """One run of a call while the service works on it."""

    run: str
    number: str
    seconds: float
    """How long the work takes: nothing, when an earlier run has done it."""


class Desk:
    """What all services share in one life of the worker: the ledger and what it says of earlier lives."""

    def __init__(self, ledger: Ledger, life: int, seed: int) -> None:
        self._ledger, self._life, self._seed = ledger, life, seed
        self._ended = {r.key for r in read_ledger(ledger.path) if r.outcome is not None}
        self._count = 0

    @contextmanager
    def serve(self, amount: int = 0) -> Iterator[Served]:
        """Write the beginning of a call, and how it ended."""
        call = current_call()
        key = call.idempotency_key
        self._count += 1
        run = f"{self._life}-{self._count}"
        about: dict[str, Any] = {"order": call.instance, "method": f"{call.service}.{call.method}", "amount": amount}
        self._ledger.write(line="began", run=run, life=self._life, key=key, attempt=call.attempt, **about)
        again = key in self._ended
        seconds = random.Random(f"{self._seed}:{key}").uniform(0.05, 0.45)
        number = hashlib.blake2b(key.encode(), digest_size=4).hexdigest()
        served = Served(run, number, 0.0 if again else seconds)
        outcome = "ok"
        try:
            yield served
        except Problem as problem:
            outcome = type(problem).__name__
            raise
        except BaseException:
            outcome = ""  # cancelled: it has not ended
            raise
        finally:
            if outcome:
                self._ledger.write(line="ended", run=run, outcome=outcome, number=number, recognised=again)
                self._ended.add(key)


class KnownCustomers:
    """Fraud: trusts everybody whose name does not begin with shady."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def trusts(self, customer: str) -> Answer:
        """Whether to sell to a customer."""
        with self._desk.serve() as call:
            await anyio.sleep(call.seconds / 2)
            return Answer(run=call.run, yes=not customer.startswith("shady"))


class SlowBank:
    """Payments: takes its time; a declined card is final, a flaky one works after so many tries."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def charge(self, card: str, amount: int, attempt: int) -> Answer:
        """Take money, once for each key."""
        with self._desk.serve(amount) as call:
            await anyio.sleep(call.seconds)
            if card == "declined":
                raise CardDeclined("the card was declined", call.run)
            if card.startswith("flaky-") and attempt <= int(card.removeprefix("flaky-")):
                raise GatewayDown("the bank did not answer", call.run)
            return Answer(run=call.run, number=f"R-{call.number}")


class BusyWarehouse:
    """Warehouse: plain synchronous code, which runs in worker threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pack(self, amount: int) -> Answer:
        """Pack a parcel."""
        with self._desk.serve(amount) as call:
            time.sleep(call.seconds)
            return Answer(run=call.run, number=f"P-{call.number}")


class PostOffice:
    """Post: writes letters."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def write(self, customer: str, receipt: str) -> Answer:
        """Send the bill."""
        with self._desk.serve() as call:
            await anyio.sleep(call.seconds)
            return Answer(run=call.run, number=f"L-{call.number}")


def open_services(ledger: Ledger, life: int, seed: int) -> dict[type, object]:
    """Every service, for one life of the worker."""
    desk = Desk(ledger, life, seed)
    return {
        Fraud: KnownCustomers(desk),
        Payments: SlowBank(desk),
        Warehouse: BusyWarehouse(desk),
        Post: PostOffice(desk),
    }
