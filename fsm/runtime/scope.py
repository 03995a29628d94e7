"""The scopes of the runtime: what `self` reaches during a turn, and inside an invoke."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from fsm.chart.delay import Delay
from fsm.chart.event import Event
from fsm.core.configuration import Table
from fsm.core.live import Live, seed
from fsm.errors import HandlerMisuse
from fsm.runtime.journal import Journal
from fsm.service.contract import Method
from fsm.service.policy import Policy


class DurableLive(Live):
    """A live machine whose concurrent calls go through the journal."""

    __slots__ = ("_journal", "delayed", "dues", "place", "since")

    def __init__(self, id: str, table: Table, journal: Journal) -> None:
        super().__init__(id, table)
        self._journal = journal
        self.place: tuple[str, int] | None = None
        """Of a child machine: the invoke of its parent that it answers, and the generation of that stay."""
        self.delayed: dict[str, list[tuple[str, str, float]]] = {}
        """Delayed sends that have a name: receiver, reference and due time of each."""
        self.dues: dict[str, float] = {}
        """When the timers that run come due."""
        self.since: dict[str, int] = {}
        """The turns that began the invokes that run."""
        self.asked = []

    def stand(self) -> None:
        """Nothing runs or is remembered, nobody waits for an answer and no event is on its way."""
        super().stand()
        self.place, self.delayed, self.dues, self.since, self.changed = None, {}, {}, {}, ""

    def begin_turn(self, cause: str, time: float) -> None:
        """Forget what the last turn left behind, its guards' answers too."""
        super().begin_turn(cause, time)
        if self.asked:
            self.asked = []

    @property
    def changed(self) -> str:
        """The cause that is evaluated again after an operator's change, as long as it was not taken."""
        return self._journal.changed

    @changed.setter
    def changed(self, cause: str) -> None:
        """From the row of the instance."""
        self._journal.changed = cause

    @property
    def takes_changed(self) -> bool:
        """Whether the turn is the one of that cause."""
        return self.cause in (self.changed, self.changed.replace("invoke:", "result:", 1) + f"@{self.id}")

    async def gather(self, calls: tuple[Awaitable[Any], ...]) -> list[Any]:
        """Make several calls at once."""
        return await self._journal.gather(calls)


class InvokeScope:
    """What an invoke may reach: services, time and chance, not the machine."""

    def __init__(
        self, instance: str, cause: str, journal: Journal, tell: Callable[[float, str], None], parent: str = ""
    ) -> None:
        self._id, self._journal, self._parent = instance, journal, parent
        self._cause, self._tell = cause, tell
        self._random: random.Random | None = None

    @property
    def id(self) -> str:
        """The id of the instance."""
        return self._id

    @property
    def parent(self) -> str:
        """The id of the instance that began this one."""
        return self._parent

    @property
    def now(self) -> datetime:
        """The time now; each reading is recorded."""
        return self._journal.read_time()

    @property
    def random(self) -> random.Random:
        """Random numbers seeded from the invoke."""
        self._random = self._random or random.Random(seed(self._id, self._cause))
        return self._random

    def uuid(self) -> UUID:
        """A UUID from `random`."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def raise_(self, event: Event) -> None:
        """Refused."""
        raise _refused("raise_")

    def progress(self, value: float, text: str) -> None:
        """Tell how far it has come."""
        self._tell(value, text)

    def reply(self, answer: Any) -> None:
        """Refused."""
        raise _refused("reply")

    def send(self, event: Event, to: str | None, delay: Delay | None, id: str = "") -> None:
        """Refused."""
        raise _refused("send")

    def cancel_send(self, id: str) -> None:
        """Refused."""
        raise _refused("cancel_send")

    def local(self, state: type[Any]) -> Any:
        """Refused."""
        raise _refused("local")

    def spawn(self, machine: type[Any], data: Any, id: str | None) -> str:
        """Refused."""
        raise _refused("spawn")

    def execute(self, statement: object) -> None:
        """Refused."""
        raise _refused("execute")

    async def gather(self, calls: tuple[Awaitable[Any], ...]) -> list[Any]:
        """Make several calls at once."""
        return await self._journal.gather(calls)

    def ask(
        self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], policy: Policy | None = None
    ) -> Awaitable[Any]:
        """Begin a call."""
        return self._journal.ask(method, args, keywords, policy)


def _refused(verb: str) -> HandlerMisuse:
    return HandlerMisuse(
        f"self.{verb} inside an invoke: it works beside the machine on a private copy; return a result and {verb} in"
        f" the handler of .done"
    )
