"""`fsm retry`, `skip`, `resolve`, `cancel`, `pause`, `resume`: a control in the inbox of an instance; its worker obeys.

`fsm terminate` asks nobody.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from types import MappingProxyType

from fsm.command.failure import Failure
from fsm.command.people import who
from fsm.command.reading import loaded_of, telling
from fsm.command.target import machine_of
from fsm.command.tell import insert, payload_of
from fsm.core.codec import Codec
from fsm.errors import InstanceEnded
from fsm.ports.store import Accepted, Status
from fsm.runtime.operator import NOBODY, Decision, check
from fsm.runtime.termination import said_by, terminate

FITTING = MappingProxyType(
    {
        "retry": ((Status.PARKED,), "is tried again", "`fsm incidents` lists those that are parked"),
        "skip": ((Status.PARKED,), "goes on without what failed", "`fsm incidents` lists those that are parked"),
        "resolve": ((Status.PARKED,), "goes on, what failed being done", "`fsm incidents` lists those that are parked"),
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


async def steer(url: str, id: str, verb: str, decision: Decision = NOBODY, target: str | None = None) -> None:
    """One of the verbs. Raises Failure when it does not fit the status of the instance, ChangeInvalid.

    With the machine's class (`target`) a change is checked here, else the worker does, and refuses it.
    """
    said = decision.text(verb, id)
    fitting, happens, fix = FITTING[verb]
    async with telling(url) as store:
        loaded = await loaded_of(store, url, id)
        record = loaded.record
        if record.status not in fitting:
            raise Failure(_unfit(id, verb, fitting), where=url, why=f"it is {record.status}", fix=fix)
        if target is not None:
            check(Codec(machine_of(target).__chart__), loaded, decision)
        await insert(store, Accepted(id, f"control:{uuid.uuid4().hex}", verb, said, lane="control", at=time.time()))
    unchecked = target is None and (decision.context, decision.payload) != (None, None)
    checks = ", if the change fits; --machine MODULE:CLASS checks that at once" if unchecked else ""
    print(f"accepted: {id} {happens} by the worker that runs it{checks}")


async def end(url: str, id: str, by: str | None, reason: str) -> None:
    """`fsm terminate`: no worker is asked. Raises Failure when the instance has ended."""
    async with telling(url) as store:
        await loaded_of(store, url, id)
        said = said_by(who(by), reason)
        try:
            await terminate(store, store.commit, id, f"terminate:{uuid.uuid4().hex}", said, await store.now())
        except InstanceEnded as problem:
            raise Failure(_unfit(id, "terminate", ()), where=url, why=str(problem), fix=FITTING["cancel"][2]) from None
    print(f"terminated: {id} has ended, and nothing of its machine ran")


def _unfit(id: str, verb: str, fitting: Sequence[Status]) -> str:
    if len(fitting) == 1:
        return f"instance {id!r} is not {fitting[0].value}"
    return f"instance {id!r} cannot be {verb}{'led' if verb == 'cancel' else 'd'}"


def decision(change: str | None, payload: str | None, by: str | None, reason: str, *, named: bool = False) -> Decision:
    """What an operator decides; where there is something to keep, whoever is logged in is named. Raises Misuse."""
    given = {"--change": change, "--payload": payload}
    patches = [None if text is None else json.loads(payload_of(text, name)) for name, text in given.items()]
    wanted = named or bool(by or reason) or any(patch is not None for patch in patches)
    return Decision(who(by) if wanted else "", reason, *patches)
