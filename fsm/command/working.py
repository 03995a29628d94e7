"""The commands that do something to instances: their options, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from fsm.command.awaiting import awaited
from fsm.command.options import (
    ByOption,
    ChangeOption,
    IdArgument,
    JsonOption,
    MachineOption,
    PayloadOption,
    ReasonOption,
    StoreOption,
)


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
    raise typer.Exit(awaited(sent))


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
    awaited(people.do(reading.url_of(store), wish))


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
    awaited(steer.steer(reading.url_of(store), id, "retry", decision, machine))


def skip(id: IdArgument, by: ByOption = None, reason: ReasonOption = "", store: StoreOption = None) -> None:
    """Let a parked instance go on without what failed: an event, a timer, an answer or an invoke is dropped."""
    from fsm.command import reading, steer

    awaited(steer.steer(reading.url_of(store), id, "skip", steer.decision(None, None, by, reason, named=True)))


def resolve(
    id: IdArgument,
    change: ChangeOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    machine: MachineOption = None,
    store: StoreOption = None,
) -> None:
    """Let a parked instance go on after somebody has done by hand what failed; --change says what came of it."""
    from fsm.command import reading, steer

    decision = steer.decision(change, None, by, reason, named=True)
    awaited(steer.steer(reading.url_of(store), id, "resolve", decision, machine))


def pause(id: IdArgument, store: StoreOption = None) -> None:
    """Let an instance take no more turns; events stay accepted."""
    _steer(id, "pause", store)


def resume(id: IdArgument, store: StoreOption = None) -> None:
    """Let a paused instance go on."""
    _steer(id, "resume", store)


def cancel(id: IdArgument, by: ByOption = None, reason: ReasonOption = "", store: StoreOption = None) -> None:
    """Let an instance leave every state, with its exit actions, and end."""
    from fsm.command import reading, steer

    awaited(steer.steer(reading.url_of(store), id, "cancel", steer.decision(None, None, by, reason, named=True)))


def terminate(id: IdArgument, by: ByOption = None, reason: ReasonOption = "", store: StoreOption = None) -> None:
    """End an instance at once, a parked one too: nothing of its machine runs, and no worker is needed."""
    from fsm.command import reading, steer

    awaited(steer.end(reading.url_of(store), id, by, reason))


def rewind(
    id: IdArgument,
    at: Annotated[int, typer.Option(metavar="SEQ", help="The turn to go back to, see `fsm history`.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who asks for it; the journal keeps it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the journal keeps it.")],
    store: StoreOption = None,
) -> None:
    """Let an instance go on from what it was after an earlier turn."""
    from fsm.command import past, reading

    awaited(past.rewind(reading.url_of(store), id, at, by, reason))


def fork(
    id: IdArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Id of the new instance.")],
    at: Annotated[int | None, typer.Option(metavar="SEQ", help="The turn to go on from; the last one.")] = None,
    store: StoreOption = None,
) -> None:
    """Begin another instance from what one was after a turn, ended ones included."""
    from fsm.command import past, reading

    awaited(past.fork(reading.url_of(store), id, new, at))


def prune(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="The name of a machine.")],
    days: Annotated[float | None, typer.Option(min=0, help="Keep what ended in the last so many days.")] = None,
    last: Annotated[int | None, typer.Option(min=0, help="Keep the so many that ended last.")] = None,
    journal_days: Annotated[float | None, typer.Option(min=0, help="Days of the others' journals to keep.")] = None,
    store: StoreOption = None,
) -> None:
    """Delete what has ended and is no longer kept; whatever live work refers to stays."""
    from fsm.command import reading, upkeep
    from fsm.ports.retaining import Keep

    awaited(upkeep.prune(reading.url_of(store), machine, Keep(last=last, days=days, journal_days=journal_days)))


def erase(id: IdArgument, store: StoreOption = None) -> None:
    """Delete one instance that has ended, with all that belongs to it."""
    from fsm.command import reading, upkeep

    awaited(upkeep.erase(reading.url_of(store), id))


def _steer(id: str, verb: str, store: str | None) -> None:
    from fsm.command import reading, steer

    awaited(steer.steer(reading.url_of(store), id, verb))


COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    send,
    task,
    retry,
    skip,
    resolve,
    pause,
    resume,
    cancel,
    terminate,
    rewind,
    fork,
    prune,
    erase,
)
"""In the order of `fsm --help`."""
