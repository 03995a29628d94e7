"""The command line: `fsm`, its commands and their options; what they do is in `fsm.command`.

Only this file, `fsm.command` and `fsm.demo` import persistence and visualize, and each command imports what it needs
when it runs: `fsm --help` is quick. Exit codes: 0 done, 1 failed, 2 called wrongly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from fsm.command.options import (
    ByOption,
    ChangeOption,
    CollapseOption,
    IdArgument,
    JsonOption,
    MachineArgument,
    MachineArguments,
    MachineOption,
    PayloadOption,
    PictureOption,
    ReasonOption,
    ServicesOption,
    SourceOption,
    StoreOption,
    VersionOption,
)

T = TypeVar("T")


class Commands(TyperGroup):
    """The commands; whatever one of them raises becomes one block on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except Exception as problem:
            if ctx.params.get("traceback") or type(problem).__module__.startswith(("typer", "click")):
                raise
            from fsm.command.failure import complain

            raise typer.Exit(complain(problem)) from problem


def application() -> typer.Typer:
    """The command line as a typer application."""
    summary = "Durable state machines: check and draw the classes, run them, look into what runs."
    app = typer.Typer(
        name="fsm",
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=summary,
    )
    app.callback()(options)
    groups: dict[str, tuple[Callable[..., None], ...]] = {
        "Machines": (demo, check, draw, bench),
        "Work": (run, serve, send, task, retry, skip, pause, resume, cancel, prune, erase),
        "Looking": (list_, show, watch, history, tasks, incidents),
    }
    for group, commands in groups.items():
        for command in commands:
            app.command(command.__name__.rstrip("_"), rich_help_panel=group)(command)
    return app


def main() -> None:
    """Run the command line; the console script `fsm`."""
    arguments = sys.argv[1:]
    if "--traceback" in arguments[: arguments.index("--") if "--" in arguments else None]:
        arguments.remove("--traceback")
        arguments.insert(0, "--traceback")
    try:
        application()(args=arguments, prog_name="fsm")
    except KeyboardInterrupt:
        sys.exit(130)


def options(
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the whole traceback of an error.")] = False,
    version: VersionOption = False,
) -> None:
    """The options that stand before a command."""


def demo(
    orders: Annotated[int, typer.Option(min=1, max=500, help="How many orders.")] = 20,
    kills: Annotated[int, typer.Option(min=0, max=100, help="How often the worker is killed.")] = 5,
    seed: Annotated[int | None, typer.Option(help="The same seed: the same orders and moments.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the store and the picture go.")] = Path("demo-output"),
) -> None:
    """Run orders in a worker that is killed again and again, and compare the end with what must be."""
    from fsm.demo.stage import demonstrate

    raise typer.Exit(demonstrate(orders=orders, kills=kills, seed=seed, out=out))


def check(
    machines: MachineArguments,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Store whose live instances must fit the classes.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether machine classes are in order, and with --store whether its instances can go on with them."""
    from fsm.command import check as command

    raise typer.Exit(command.check(machines, url=store, as_json=as_json))


def draw(
    machine: MachineArgument,
    out: PictureOption,
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    direction: Annotated[str, typer.Option(help="TB (top to bottom) or LR (left to right).")] = "TB",
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="Store of the instance to draw.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="Instance whose active states and path are drawn.")] = None,
    collapse: CollapseOption = None,
    focus: Annotated[str | None, typer.Option(help="State to look at: what is not around it is closed.")] = None,
    source: SourceOption = "",
    flows: Annotated[bool, typer.Option("--flows", help="All instances: where, how long, how many.")] = False,
    timeline: Annotated[bool, typer.Option("--timeline", help="The life of the instance, with its calls.")] = False,
    again: Annotated[bool, typer.Option("--watch", help="Draw again when the code or the instance changes.")] = False,
) -> None:
    """Draw a machine; with --store and --id one of its instances, with --store and --flows all of them."""
    from fsm.command import drawn, watch

    wish = drawn.Wish(
        machine, out, theme, direction, tuple(collapse or ()), focus, source, _store_of(store, id or flows), id, flows,
        timeline,
    )  # fmt: skip
    if again:
        _await(watch.redraw(wish))
    else:
        print(_await(drawn.draw(wish)))


def bench(
    gates: Annotated[bool, typer.Option("--gates", help="Only the short cases; fail when a gate is broken.")] = False,
    peers: Annotated[bool, typer.Option("--peers", help="Also other libraries, installed for the time being.")] = False,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Cases whose name contains this.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Measure what machines cost, beside hand-written floors and other libraries."""
    from fsm.command import bench as command

    switches = {"--gates": gates, "--peers": peers, "--json": as_json}
    asked = [name for name, wanted in switches.items() if wanted]
    raise typer.Exit(command.bench([*asked, *(["--only", only] if only else [])]))


def run(
    machines: MachineArguments,
    store: StoreOption = None,
    services: ServicesOption = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is left to do.")] = False,
) -> None:
    """Work: go on with what was interrupted, then with what comes, until Ctrl-C or SIGTERM."""
    from fsm.command import reading, worker

    _await(worker.work(machines, reading.url_of(store), services=services, until_idle=until_idle))


def serve(
    machines: Annotated[list[str] | None, typer.Argument(metavar="[MODULE:CLASS]", help="Machines to run.")] = None,
    store: StoreOption = None,
    services: ServicesOption = None,
    dashboard: Annotated[bool, typer.Option("--dashboard", help="Serve the live page.")] = False,
    work: Annotated[bool, typer.Option("--work/--no-work", help="Run the machines, or only know them.")] = True,
    host: Annotated[str, typer.Option(help="Address of the page; beyond this machine it needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the page; 0 for any that is free.")] = 8427,
    token_file: Annotated[Path | None, typer.Option(help="Lines of NAME view|operate TOKEN.")] = None,
    identity_header: Annotated[str | None, typer.Option(help="Header in which a reverse proxy names people.")] = None,
    operator: Annotated[list[str] | None, typer.Option(help="Who of them may operate; may be repeated.")] = None,
    proxy: Annotated[list[str] | None, typer.Option(help="Address of the proxy, if not this machine's.")] = None,
) -> None:
    """Run machines, with --dashboard also the live page; without a machine the page alone."""
    from fsm.command import reading, worker

    url, targets = reading.url_of(store), machines or []
    if dashboard:
        from fsm.command import serve as command

        wish = command.Wish(
            tuple(targets), url, services, work, host, port, token_file, identity_header, tuple(operator or ()),
            tuple(proxy or ()),
        )  # fmt: skip
        _await(command.serve(wish))
    else:
        _await(worker.work(targets, url, services=services, until_idle=False))


def send(
    id: IdArgument,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Name of the event.")],
    payload: Annotated[str, typer.Argument(metavar="JSON", help="Its fields as a JSON object.")] = "{}",
    key: Annotated[str | None, typer.Option(help="The same key again is the same event.")] = None,
    machine: MachineOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an event into the inbox of an instance; the worker that runs it takes it from there."""
    from fsm.command import reading, tell

    sent = tell.send(reading.url_of(store), id, event, payload, key=key, target=machine, as_json=as_json)
    raise typer.Exit(_await(sent))


def retry(
    id: IdArgument,
    change: ChangeOption = None,
    payload: PayloadOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    machine: MachineOption = None,
    store: StoreOption = None,
) -> None:
    """Let a parked instance try again what failed, as it was or changed (--machine names the class that checks it)."""
    from fsm.command import reading, steer

    decision = steer.decision(change, payload, by, reason)
    _await(steer.steer(reading.url_of(store), id, "retry", decision, machine))


def skip(id: IdArgument, by: ByOption = None, reason: ReasonOption = "", store: StoreOption = None) -> None:
    """Let a parked instance go on without what failed: an event, a timer, an answer or an invoke is dropped."""
    from fsm.command import reading, steer

    _await(steer.steer(reading.url_of(store), id, "skip", steer.decision(None, None, by, reason, named=True)))


def pause(id: IdArgument, store: StoreOption = None) -> None:
    """Let an instance take no more turns; events stay accepted."""
    _steer(id, "pause", store)


def resume(id: IdArgument, store: StoreOption = None) -> None:
    """Let a paused instance go on."""
    _steer(id, "resume", store)


def cancel(id: IdArgument, store: StoreOption = None) -> None:
    """Let an instance leave every state, with its exit actions, and end."""
    _steer(id, "cancel", store)


def _steer(id: str, verb: str, store: str | None) -> None:
    from fsm.command import reading, steer

    _await(steer.steer(reading.url_of(store), id, verb))


def prune(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="The name of a machine.")],
    days: Annotated[float | None, typer.Option(min=0, help="Keep what ended in the last so many days.")] = None,
    last: Annotated[int | None, typer.Option(min=0, help="Keep the so many that ended last.")] = None,
    journal_days: Annotated[float | None, typer.Option(min=0, help="Days of the others' journals to keep.")] = None,
    store: StoreOption = None,
) -> None:
    """Delete what has ended and is no longer kept; whatever live work refers to stays."""
    from fsm.command import reading, upkeep
    from fsm.ports.store import Keep

    _await(upkeep.prune(reading.url_of(store), machine, Keep(last=last, days=days, journal_days=journal_days)))


def erase(id: IdArgument, store: StoreOption = None) -> None:
    """Delete one instance that has ended, with all that belongs to it."""
    from fsm.command import reading, upkeep

    _await(upkeep.erase(reading.url_of(store), id))


def list_(
    machine: Annotated[str | None, typer.Option(help="Only instances of this machine (its name).")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only those in this state; may be repeated.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only those of this status; may be repeated.")] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only those that breached a deadline.")] = False,
    after: Annotated[str, typer.Option(help="Go on after this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 1_000,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List instances in the order of their ids."""
    from fsm.command import look, reading

    url = reading.url_of(store)
    wanted = {"machine": machine, "states": state or [], "statuses": status or [], "breached": breached, "after": after}
    _await(look.instances(url, wanted, limit=limit, as_json=as_json))


def show(id: IdArgument, machine: MachineOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show where an instance stands and what it waits for; with --machine also its tree of states."""
    from fsm.command import look, reading

    _await(look.show(reading.url_of(store), id, target=machine, as_json=as_json))


def history(id: IdArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show the journal of an instance: every turn with its transitions and service calls."""
    from fsm.command import look, reading

    _await(look.history(reading.url_of(store), id, as_json=as_json))


def watch(
    id: IdArgument,
    machine: MachineOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow an instance until it ends; with --machine also its tree of states. --json prints a line for each turn."""
    from fsm.command import reading
    from fsm.command import watch as command

    _await(command.watch(reading.url_of(store), id, target=machine, as_json=as_json))


def tasks(
    assignee: Annotated[str | None, typer.Option(help="Only those of this person or group.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you have claimed.")] = False,
    by: ByOption = None,
    machine: Annotated[str | None, typer.Option(help="Only those of this machine (its name).")] = None,
    status: Annotated[str | None, typer.Option(help="open, claimed, completed, withdrawn or all.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what waits for people, the oldest first."""
    from fsm.command import people, reading

    me = people.who(by) if mine else None
    wanted = {"assignee": assignee, "claimed_by": me, "machine": machine, "status": status}
    _await(people.tasks(reading.url_of(store), wanted, as_json=as_json))


def task(
    deed: Annotated[str, typer.Argument(metavar="DEED", help="claim, complete, release or reassign.")],
    id: Annotated[str, typer.Argument(metavar="TASK", help="Id of the task, as `fsm tasks` shows it.")],
    answer: Annotated[
        str | None, typer.Argument(metavar="[JSON]", help="To complete it: the fields of its form.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="To reassign it: the person or group it is for from now on.")] = None,
    machine: MachineOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    store: StoreOption = None,
) -> None:
    """Claim a task, complete it (--machine names the class, whose form checks the answer), release or reassign it."""
    from fsm.command import people, reading

    wish = people.Wish(deed, id, answer, to, machine, by, reason)
    _await(people.do(reading.url_of(store), wish))


def incidents(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only those of this instance.")] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also those that are resolved.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List why instances are parked, oldest first."""
    from fsm.command import look, reading

    _await(look.incidents(reading.url_of(store), resolved=resolved, id=id, as_json=as_json))


def _store_of(store: str | None, asked: object) -> str | None:
    """With --id or --flows the store may come from FSM_STORE too; else a class is drawn whatever is set there."""
    import os

    return store or (os.environ.get("FSM_STORE") if asked else None)


def _await(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    import anyio

    async def whole() -> T:
        return await work

    return anyio.run(whole)


if __name__ == "__main__":
    main()
