"""`fsm serve --engine`: the handlers of an engine that calls this process; and `fsm move`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fsm.command import worker
from fsm.command.failure import Failure, Misuse
from fsm.command.target import services_of
from fsm.engines import open_engine
from fsm.engines.moving import move as moved
from fsm.engines.restate.url import SCHEMES, parse
from fsm.errors import ServiceMissing, StoreUrlInvalid


async def serve(wish: worker.Wish, *, dashboard: bool = False) -> None:
    """Serve the machines until a signal. Raises Misuse, Failure, EngineUnfit, EngineUnreachable, StoreError."""
    if wish.url.partition("://")[0] not in SCHEMES:
        raise Misuse(
            f"{wish.url!r} is not the URL of an engine",
            where="--engine",
            fix="name a store with --store; or write restate+http://…",
        )
    with _urls("--engine"):
        listen = parse(wish.url).listen
    if not listen:
        raise Misuse(
            f"{wish.url} does not say where this process is reached by the server",
            where="--engine",
            fix="add &listen=HOST:PORT to the URL",
        )
    unfit = {"--schedules": wish.schedules, "--telemetry": wish.telemetry, "--dashboard": dashboard}
    if any(unfit.values()):
        raise Misuse(
            f"{', '.join(name for name, given in unfit.items() if given)} cannot be had with --engine",
            where=wish.url,
            why="the engine runs the machines, not this process",
            fix="leave it out; the live page looks at the view: fsm serve --dashboard --store URL-OF-THE-VIEW",
        )
    machines = wish.machines()
    if not machines:
        raise Misuse("no machine", where="fsm serve --engine", fix="name one: MODULE:CLASS")
    services = services_of(wish.services) if wish.services else {}
    try:
        with _urls("view= in --engine"):
            engine = open_engine(wish.url, machines, services)
    except ServiceMissing as problem:
        fix = "--services MODULE:NAME names a dict of implementations, or a function that returns one"
        raise Failure(str(problem), where=wish.url, why="ServiceMissing", fix=fix) from problem
    async with engine, worker.stopping() as stop:
        print(f"serving {', '.join(m.__chart__.name for m in machines)} to {wish.url}", flush=True)
        await stop.wait()
    print("stopped", flush=True)


async def move(source: str, target: str) -> None:
    """Move every instance to another store or engine. Raises StoreError, EngineUnfit."""
    with _urls("fsm move FROM TO"):
        number = await moved(source, target)
    print(f"moved {number:,} instances; nobody runs them at the old place any more")


@contextmanager
def _urls(where: str) -> Iterator[None]:
    """Say where the URL stands that is none. Raises Misuse."""
    try:
        yield
    except StoreUrlInvalid as problem:
        raise Misuse(str(problem), where=where) from problem
