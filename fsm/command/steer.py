"""`fsm retry`, `cancel`, `pause`, `resume`: a control in the inbox of an instance; the worker that runs it obeys.

`fsm terminate` asks nobody.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from getpass import getuser
from types import MappingProxyType

from fsm.command.failure import Failure
from fsm.command.reading import loaded_of, reading
from fsm.command.tell import insert
from fsm.errors import InstanceEnded
from fsm.ports.store import Accepted, Status
from fsm.runtime.termination import said_by, terminate

FITTING = MappingProxyType(
    {
        "retry": ((Status.PARKED,), "is tried again", "`fsm incidents` lists those that are parked"),
        "pause": ((Status.RUNNING,), "is paused", "only a running instance can be paused"),
        "resume": ((Status.PAUSED,), "goes on", "`fsm list --status paused` names those that are paused"),
        "cancel": (
            (Status.RUNNING, Status.PAUSED, Status.PARKED),
            "leaves every state and ends",
            "an instance that has ended stays as it is; `fsm show` tells how it ended",
        ),
    }
)
"""By verb: the statuses that it fits, what then happens, and what else to do."""


async def steer(url: str, id: str, verb: str, said: str = "{}") -> None:
    """One of the verbs. Raises Failure when it does not fit the status of the instance."""
    fitting, happens, fix = FITTING[verb]
    async with reading(url) as store:
        record = (await loaded_of(store, url, id)).record
        if record.status not in fitting:
            raise Failure(_unfit(id, verb, fitting), where=url, why=f"it is {record.status}", fix=fix)
        await insert(store, Accepted(id, f"control:{uuid.uuid4().hex}", verb, said, lane="control", at=time.time()))
    print(f"accepted: {id} {happens} by the worker that runs it")


def said(by: str | None, reason: str) -> str:
    """Who steers, by default the user of the system where it has a name, and why."""
    if by is None:
        try:
            by = getuser()
        except (KeyError, OSError):  # a container may run as nobody in particular
            by = ""
    return said_by(by, reason)


async def end(url: str, id: str, said: str) -> None:
    """`fsm terminate`: no worker is asked. Raises Failure when the instance has ended."""
    async with reading(url) as store:
        await loaded_of(store, url, id)
        try:
            await terminate(store, store.commit, id, f"terminate:{uuid.uuid4().hex}", said, await store.now())
        except InstanceEnded as problem:
            raise Failure(_unfit(id, "terminate", ()), where=url, why=str(problem), fix=FITTING["cancel"][2]) from None
    print(f"terminated: {id} has ended, and nothing of its machine ran")


def _unfit(id: str, verb: str, fitting: Sequence[Status]) -> str:
    if len(fitting) == 1:
        return f"instance {id!r} is not {fitting[0].value}"
    return f"instance {id!r} cannot be {'cancelled' if verb == 'cancel' else 'terminated'}"
