"""The command line: `fsm`, its commands and their options; what they do is in `fsm.command`.

Only this file, `fsm.command` and `fsm.demo` import persistence and visualize, and each command imports what it needs
when it runs: `fsm --help` is quick. Exit codes: 0 done, 1 failed, 2 called wrongly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fsm.command import looking, working
from fsm.command.awaiting import awaited
from fsm.command.options import (
    CollapseOption,
    DrainOption,
    EngineOption,
    JsonOption,
    MachineArgument,
    MachineArguments,
    PictureOption,
    SchedulesOption,
    ServicesOption,
    SourceOption,
    StoreOption,
    TelemetryOption,
    VersionOption,
)
from fsm.limits import DRAIN_SECONDS


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
        "Work": (run, serve, *working.COMMANDS, move),
        "Looking": looking.COMMANDS,
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
        awaited(watch.redraw(wish))
    else:
        print(awaited(drawn.draw(wish)))


def bench(
    gates: Annotated[bool, typer.Option("--gates", help="Only the short cases; fail when a gate is broken.")] = False,
    peers: Annotated[bool, typer.Option("--peers", help="Also other libraries, installed for the time being.")] = False,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Cases whose name contains this.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Name the cases, and measure nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure what machines cost, beside hand-written floors and other libraries."""
    from fsm.command import bench as command

    switches = {"--gates": gates, "--peers": peers, "--list": listed, "--json": as_json}
    asked = [name for name, wanted in switches.items() if wanted]
    raise typer.Exit(command.bench([*asked, *(["--only", only] if only else [])]))


def run(
    machines: MachineArguments,
    store: StoreOption = None,
    services: ServicesOption = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is left to do.")] = False,
    schedules: SchedulesOption = None,
    drain: DrainOption = DRAIN_SECONDS,
    telemetry: TelemetryOption = False,
) -> None:
    """Work: go on with what was interrupted, then with what comes, until Ctrl-C or SIGTERM."""
    from fsm.command import reading, worker

    url = reading.url_of(store)
    wish = worker.Wish(tuple(machines), url, services, schedules, drain, telemetry)
    awaited(worker.work(wish, until_idle=until_idle))
    worker.leave_threads()


def serve(
    machines: Annotated[list[str] | None, typer.Argument(metavar="[MODULE:CLASS]", help="Machines to run.")] = None,
    store: StoreOption = None,
    services: ServicesOption = None,
    schedules: SchedulesOption = None,
    drain: DrainOption = DRAIN_SECONDS,
    telemetry: TelemetryOption = False,
    engine: EngineOption = None,
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

    what = worker.Wish(
        tuple(machines or ()),
        reading.url_of(store) if engine is None else engine,
        services,
        schedules,
        drain,
        telemetry,
    )
    if engine is not None:
        from fsm.command import engine as engines

        awaited(engines.serve(what, dashboard=dashboard))
    elif dashboard:
        from fsm.command import serve as command

        names = (tuple(operator or ()), tuple(proxy or ()))
        awaited(command.serve(command.Wish(what, work, host, port, token_file, identity_header, *names)))
    else:
        awaited(worker.work(what, until_idle=False))
    worker.leave_threads()


def move(
    source: Annotated[str, typer.Argument(metavar="FROM", help="URL of the store that has the instances.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="URL of an empty store, or of an engine.")],
) -> None:
    """Move everything, open or ended, to another store or engine, while nobody runs it."""
    from fsm.command import engine

    awaited(engine.move(source, target))


def _store_of(store: str | None, asked: object) -> str | None:
    """With --id or --flows the store may come from FSM_STORE too; else a class is drawn whatever is set there."""
    import os

    return store or (os.environ.get("FSM_STORE") if asked else None)
