"""`fsm prune` and `fsm erase`: what is no longer needed leaves the store, with all that belongs to it."""

from __future__ import annotations

from fsm.command.failure import Failure, Misuse
from fsm.command.reading import loaded_of, reading
from fsm.errors import StoreError
from fsm.ports.retaining import Keep
from fsm.ports.store import Status


async def prune(url: str, machine: str, keep: Keep) -> None:
    """Delete the ended instances of a machine that a policy does not keep. Raises Misuse."""
    if (keep.last, keep.days, keep.journal_days) == (None, None, None):
        raise Misuse(
            "nothing says what is to be kept",
            where=machine,
            fix="--days 30 keeps what ended in the last thirty days, --last 1000 the thousand that ended last,"
            " --journal-days 7 a week of the journal of those that go on",
        )
    gone = 0
    async with reading(url) as store:
        while went := await store.prune(machine, keep):
            gone += went
    print(f"{gone:,} {'instance' if gone == 1 else 'instances'} of {machine} deleted")


async def erase(url: str, id: str) -> None:
    """Delete one instance that has ended. Raises Failure."""
    async with reading(url) as store:
        status = (await loaded_of(store, url, id)).record.status
        try:
            await store.erase(id)
        except StoreError as problem:
            goes_on = not Status(status).ended
            raise Failure(
                f"instance {id!r} stays",
                where=url,
                why=str(problem),
                fix=f"`fsm cancel {id}` ends it first" if goes_on else "`fsm incidents` may say what holds it",
            ) from problem
    print(f"{id} deleted, with its journal, calls and keys")
