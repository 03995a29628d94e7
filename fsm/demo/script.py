"""The script: which orders there are and what happens to them from outside, all drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fsm.demo.order import OrderData

KINDS = ("flaky-2", "good", "declined", "shady", "good", "flaky-1", "good", "good", "declined", "good")
"""What becomes of the orders, in turn: the name of the card, or a customer whom nobody trusts."""

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ines", "Jon")
COURIERS = ("Max", "Mia", "Noor")


@dataclass(frozen=True, slots=True)
class Plan:
    """One order: its data, and what the world does to it."""

    id: str
    kind: str
    customer: str
    amount: int
    courier: str
    early: bool
    """Whether the courier comes long before the parcel is packed."""
    pays_at: float
    """Seconds of the worker's working time."""

    @property
    def card(self) -> str:
        """The card that the customer pays with."""
        return "good" if self.kind == "shady" else self.kind

    @property
    def data(self) -> OrderData:
        """What the order is started with."""
        return OrderData(customer=self.customer, amount=self.amount)

    @property
    def ships(self) -> bool:
        """Whether the order must end at the door."""
        return self.kind not in ("shady", "declined")

    @property
    def ends_in(self) -> str:
        """The state in which the order must end."""
        return {"shady": "Rejected", "declined": "Cancelled"}.get(self.kind, "Shipped")

    @property
    def tries(self) -> int:
        """How many charges the order needs."""
        if self.kind == "shady":
            return 0
        return 1 + (int(self.kind.removeprefix("flaky-")) if self.kind.startswith("flaky-") else 0)

    @property
    def calls(self) -> dict[str, int]:
        """How many different service calls the order needs, by method."""
        needed = {"fraud.trusts": 1, "payments.charge": self.tries}
        if self.ships:
            needed |= {"warehouse.pack": 1, "post.write": 1}
        return {method: n for method, n in needed.items() if n}

    @property
    def events(self) -> dict[str, int]:
        """Which events from outside the order must take, and how often."""
        return {"Pay": 1, "Collected": 1} if self.ships else {"Pay": 1}


@dataclass(frozen=True, slots=True)
class Life:
    """How long a worker lives: from the moment it works, or (`starting`) from the moment it was started."""

    seconds: float
    starting: bool


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that the seed decides."""

    seed: int
    orders: tuple[Plan, ...]
    lives: tuple[Life, ...]


def write_script(seed: int, orders: int, kills: int) -> Script:
    """The script of a seed.

    >>> script = write_script(1, orders=20, kills=5)
    >>> len(script.orders), len(script.lives), script == write_script(1, orders=20, kills=5)
    (20, 5, True)
    """
    rng = random.Random(f"{seed}:lives")
    lives = tuple(
        Life(rng.uniform(0.1, 0.9), starting=True)
        if number and rng.random() < 0.2
        else Life(rng.uniform(0.3, 1.2), starting=False)
        for number in range(kills)
    )
    working = sum(life.seconds for life in lives if not life.starting) or 0.5
    return Script(seed, tuple(write_plan(seed, number, working) for number in range(orders)), lives)


def write_plan(seed: int, number: int, working: float) -> Plan:
    """One order; its data depend on the seed and its number only."""
    rng = random.Random(f"{seed}:{number}")
    kind, name = KINDS[number % len(KINDS)], rng.choice(NAMES)
    return Plan(
        id=f"A-{number + 1:02}",
        kind=kind,
        customer=f"shady {name}" if kind == "shady" else name,
        amount=rng.randrange(5, 500),
        courier=rng.choice(COURIERS),
        early=rng.random() < 0.4,
        pays_at=rng.uniform(0, working) if number else 0.0,
    )
