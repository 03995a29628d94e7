"""The commands that look: their options, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from fsm.command.awaiting import awaited
from fsm.command.options import (
    AnyMachineArguments,
    ByOption,
    IdArgument,
    JsonOption,
    MachineOption,
    StoreOption,
)


def list_(
    machine: Annotated[str | None, typer.Option(help="Only those of this machine: name, or MODULE:CLASS.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only those in this state; may be repeated.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only those of this status; may be repeated.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those in a state with this tag; needs MODULE:CLASS.")] = None,
    key: Annotated[str | None, typer.Option(help="Only the one of the machine that was started with this key.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only those found by this; may be repeated.")
    ] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only those that breached a deadline.")] = False,
    after: Annotated[str, typer.Option(help="Go on after this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 1_000,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List instances in the order of their ids."""
    from fsm.command import look, reading, sought

    url = reading.url_of(store)
    wish = sought.wish(machine, state or [], status or [], tag, key, attribute or [], breached)
    awaited(look.instances(url, wish, after=after, limit=limit, as_json=as_json))


def show(
    id: IdArgument,
    machine: MachineOption = None,
    at: Annotated[int | None, typer.Option(metavar="SEQ", help="As it was after this turn.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where an instance stands and what it waits for; with --machine also its tree of states."""
    from fsm.command import look, past, reading

    url = reading.url_of(store)
    awaited(look.show(url, id, target=machine, as_json=as_json) if at is None else past.show(url, id, at, as_json))


def watch(
    id: IdArgument, machine: MachineOption = None, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Follow an instance until it ends; with --machine also its tree of states. --json prints a line for each turn."""
    from fsm.command import reading
    from fsm.command import watch as command

    awaited(command.watch(reading.url_of(store), id, target=machine, as_json=as_json))


def history(
    id: IdArgument,
    changes: Annotated[bool, typer.Option("--changes", help="What each turn changed, and what guards said.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the journal of an instance: every turn with its transitions and service calls."""
    from fsm.command import look, past, reading

    url = reading.url_of(store)
    awaited(past.changes(url, id, as_json) if changes else look.history(url, id, as_json=as_json))


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
    awaited(people.tasks(reading.url_of(store), wanted, as_json=as_json))


def incidents(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only those of this instance.")] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also those that are resolved.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List why instances are parked, oldest first."""
    from fsm.command import look, reading

    awaited(look.incidents(reading.url_of(store), resolved=resolved, id=id, as_json=as_json))


def schedules(
    pause: Annotated[str | None, typer.Option(metavar="NAME", help="Fire nothing of this one until --resume.")] = None,
    resume: Annotated[str | None, typer.Option(metavar="NAME", help="Let this one go on.")] = None,
    forget: Annotated[
        str | None, typer.Option(metavar="NAME", help="Delete this one; who declares it begins anew.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the schedules of a store: when each is due next, and what came of it last."""
    from fsm.command import reading
    from fsm.command import schedules as command

    wishes = {"pause": pause, "resume": resume, "forget": forget}
    given = {verb: name for verb, name in wishes.items() if name is not None}
    awaited(command.schedules(reading.url_of(store), given, as_json=as_json))


def health(
    max_lag: Annotated[float | None, typer.Option(metavar="SECONDS", help="Fail when work waits for longer.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which workers are alive and how long work waits; exit code 1 when something is wrong."""
    from fsm.command import health as command
    from fsm.command import reading

    raise typer.Exit(awaited(command.health(reading.url_of(store), max_lag=max_lag, as_json=as_json)))


def audit(machines: AnyMachineArguments = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Look for rows that contradict each other and for instances that nothing will move; exit 1 when any is found."""
    from fsm.command import audit as command
    from fsm.command import reading

    raise typer.Exit(awaited(command.audit(reading.url_of(store), machines or [], as_json)))


COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    list_,
    show,
    watch,
    history,
    tasks,
    incidents,
    schedules,
    health,
    audit,
)
"""In the order of `fsm --help`."""
