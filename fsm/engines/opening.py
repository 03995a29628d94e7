"""Opening: the engine that a URL names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fsm.engines.embedded import Embedded
from fsm.engines.restate.engine import RestateEngine
from fsm.engines.restate.url import SCHEMES, parse
from fsm.ports.engine import Engine, MachineClass
from persistence import open_store


def open_engine(
    url: str, machines: Sequence[MachineClass] = (), services: Mapping[Any, Any] | None = None, **options: Any
) -> Engine:
    """The engine that a URL names; entering it goes on with whatever was interrupted.

        async with open_engine("sqlite:///orders.db", [Order], {Payments: StripePayments()}) as engine:
            order = await engine.start(Order, OrderData(items=["book"]), id="A-1")

    `sqlite:///…`, `postgresql+psycopg://…` and `memory://` are run by this process, with the options of `Orchestrator`.
    `restate+http://host:8080?view=sqlite:///view.db` is run by a Restate server. Raises StoreUrlInvalid, MissingExtra,
    EngineUnfit with everything that the engine cannot do, and what `Orchestrator` raises.
    """
    if url.partition("://")[0] not in SCHEMES:
        return Embedded(open_store(url), machines, services, **options)
    named = parse(url)
    return RestateEngine(named, open_store(named.view), machines, services, **options)
