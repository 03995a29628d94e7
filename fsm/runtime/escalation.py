"""Escalation: when a call has failed for good, a person answers in its place, by a human task.

The task is known by the idempotency key of the call, so that it is opened once, whoever makes the call again; its row
is the answer until the call is recorded. It ends with the stay of the state that owns the invoke.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import anyio

from fsm.chart.machine import Machine
from fsm.errors import TaskError
from fsm.limits import ESCALATION_SECONDS
from fsm.ports.attempt import Attempt
from fsm.ports.store import Store
from fsm.ports.task import CALLS, OPEN, Task
from fsm.runtime.calling import Outcome
from fsm.service.contract import Contract, Method
from fsm.service.ladder import Rung
from fsm.service.substitute import filled_instead, form_of

GIVEN_UP: Final = "GivenUp"
"""The kind of a call that a person has given up."""


def task_of(call: Attempt, machine: str, rung: Rung, key: str, why: str, now: float) -> Task:
    """The task that stands for a call, by the row of the attempt that it is."""
    invoke, _, generation = call.cause.removeprefix("invoke:").partition("#")
    method = rung.method
    digest = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
    return Task(
        id=f"{call.instance}/{method.full}.{digest}",
        instance=call.instance,
        machine=machine,
        name=f"{CALLS}{method.full}",
        generation=int(generation),
        state=invoke,
        form=json.dumps(form_of(method).model_json_schema()),
        text=f"{method.full}({call.parameters}) has failed: {why}. Answer in its place, or give up.",
        assignee=rung.person,
        opened=now,
    )


async def answer(store: Store, method: Method, id: str) -> Outcome:
    """What a person has answered, as soon as somebody has."""
    while True:
        found = await store.tasks(id=id)
        if found and found[0].status not in OPEN:
            return _outcome(method, found[0])
        await anyio.sleep(ESCALATION_SECONDS)


def _outcome(method: Method, task: Task) -> Outcome:
    said = task.answer or {}
    if task.status == "completed" and not said.get("give_up"):
        return f'{{"ok":{json.dumps(said.get("answer"))}}}', None
    why = (
        f"{task.by} gave up: {said.get('give_up')}" if said else "nobody answered in its place: the task was withdrawn"
    )
    return method.record_failure(GIVEN_UP, f"{method.full}: {why}", None), None


def checked(machine: type[Machine[Any, Any, Any]], task: Task, given: Any) -> str:
    """An answer in the place of a call as the JSON of a valid form. Raises FormInvalid, TaskError."""
    service, _, name = task.name.removeprefix(CALLS).partition(".")
    methods = next((Contract(s).methods for s in machine.__chart__.services if s.name == service), {})
    if name not in methods:
        raise TaskError(
            f"{task.id!r}: {machine.__chart__.name} has no call {service}.{name} any more; migrate it", task=task.id
        )
    return filled_instead(methods[name], given, task.id)
