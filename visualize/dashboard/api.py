"""The API in words: what is asked and what is answered; the page uses nothing else.

Times are seconds since the epoch, states are named by their ids.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from fsm.limits import EVENT_BYTES_MAX, ID_CHARS_MAX

Verb = Literal["retry", "skip", "resolve", "pause", "resume", "cancel", "terminate"]
StatusName = Literal["running", "paused", "parked", "done", "failed", "cancelled"]
Role = Literal["view", "operate"]

SECONDS_MAX, SEQ_MAX, SEEN_CHARS_MAX = 1e11, 2**53, 40
PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""Text that every database takes and every terminal shows."""
SPOKEN = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]+[^\x00-\x20\x7f]$"
"""Plain text that says something."""
LIST_MAX = 1_000
"""Instances or turns that one answer lists at most."""


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 2.0 is an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _small(payload: dict[str, Any]) -> dict[str, Any]:
    """Refuse a payload that cannot be written."""
    try:
        size = len(json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
    except ValueError as problem:
        raise ValueError(f"it cannot be written as JSON in UTF-8: {problem}") from None
    if size > EVENT_BYTES_MAX:
        raise ValueError(f"it is larger than {EVENT_BYTES_MAX:,} bytes; send a reference instead")
    return payload


Word = Annotated[str, StringConstraints(min_length=1, max_length=ID_CHARS_MAX, pattern=PLAIN)]
Text = Annotated[str, StringConstraints(max_length=ID_CHARS_MAX, pattern=PLAIN)]
Named = Annotated[str, StringConstraints(max_length=ID_CHARS_MAX, pattern=r"^[^\x00-\x1f\x7f=]+=[^\x00-\x1f\x7f]*$")]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=SPOKEN)]
Seconds = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]
Seq = Annotated[int, Field(ge=1, le=SEQ_MAX), BeforeValidator(_whole)]
Payload = Annotated[dict[str, Any], AfterValidator(_small)]


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Asked(BaseModel):
    """What a request carries; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(Asked):
    """A token, to be exchanged for a cookie."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Sending(Asked):
    """An event for an instance; the same key of the same person again is the same event."""

    id: Word
    event: Word
    payload: Payload = {}
    key: Word | None = None


class Control(Asked):
    """What an operator wants done, and why."""

    id: Word
    verb: Verb
    reason: Reason
    change: Payload | None = None
    """To retry with another context, or to say what came of what was done by hand: a JSON merge patch."""
    payload: Payload | None = None
    """To retry with another event: a JSON merge patch of what failed."""


class Rewinding(Asked):
    """To go back to what an instance was after the turn `at`, and why."""

    id: Word
    at: Seq
    reason: Reason


class Forking(Asked):
    """To begin another instance, `new`, from what one was after the turn `at`, and why."""

    id: Word
    at: Seq
    new: Word
    reason: Reason


class Forked(BaseModel):
    """The instance that was begun."""

    id: str


class Session(BaseModel):
    """Who asks, and what they may do; `csrf` goes into the header `X-CSRF-Token` of every change."""

    actor: str
    role: Role
    csrf: str
    leaves: bool
    """Whether there is a cookie to give back."""


class MachineCount(BaseModel):
    """A machine, and where its instances stand."""

    name: str
    version: str
    doc: str
    known: bool
    """Whether its class is known here: then there is a diagram."""
    statuses: dict[str, int]
    here: dict[str, int]
    """Instances that go on, by active leaf state."""
    turns: int


class Overview(BaseModel):
    """All machines, and how many incidents are open."""

    machines: list[MachineCount]
    incidents: int


class MachineChart(BaseModel):
    """The diagram of a machine, and what can be asked about it."""

    name: str
    version: str
    doc: str
    svg: str
    """Without colours of its own; states are groups `state-ID`, transitions `edge-N`."""
    states: list[str]
    tags: dict[str, list[str]]


class Summary(BaseModel):
    """One line of a list of instances."""

    id: str
    machine: str
    version: str
    status: str
    seq: int
    configuration: list[str]
    parent: str
    created: float
    closed: float | None


class Page(BaseModel):
    """Some instances; `after` asks for the next ones, None when there are no more."""

    instances: list[Summary]
    after: str | None


class Form(BaseModel):
    """An event that is accepted now; `form` is its JSON Schema, None where any JSON object will do."""

    event: str
    form: dict[str, Any] | None


class Progress(BaseModel):
    """How far an invoke is: what it told, and how many of its items have ended."""

    value: float | None = None
    text: str = ""
    items: int | None = None
    done: int = 0
    failed: int = 0


class Waiting(BaseModel):
    """Something that waits: a timer, an invoke that runs, or an event in the inbox."""

    kind: Literal["timer", "invoke", "event", "control", "result"]
    name: str
    state: str
    at: float | None
    attempt: int
    payload: Any
    progress: Progress | None = None


class Undoable(BaseModel):
    """Something done that a compensation would undo; `taken` names the one that is doing so."""

    name: str
    state: str
    taken: str


class Trouble(BaseModel):
    """Why an instance is, or was, parked."""

    id: int
    instance: str
    kind: str
    message: str
    event: str
    seq: int
    at: float
    resolved: float | None
    resolution: str | None


class Change(BaseModel):
    """A value of the context that a turn changed."""

    path: str
    """As in `lines[0].price`."""
    old: Any
    new: Any
    kind: Literal["changed", "added", "removed"]


class Moment(BaseModel):
    """An instance as it was after a turn."""

    seq: int
    context: Any
    """Without secrets; None where the class is not known."""
    changes: list[Change] | None
    """What the turn changed; None where what was before it is not known."""


class Act(BaseModel):
    """What somebody did by hand."""

    actor: str
    name: str
    lane: str
    reason: str
    at: float
    state: str
    outcome: Any


class Standing(BaseModel):
    """An instance as it is now."""

    summary: Summary
    known: bool
    context: Any
    """Without secrets; None where the class is not known, for then nobody knows what is secret."""
    output: Any
    accepts: list[Form]
    verbs: list[Verb]
    waiting: list[Waiting]
    undoable: list[Undoable]
    """What was done last stands last."""
    incident: Trouble | None
    failed: list[str]
    """The states of its configuration that the incident is of."""


class Attempt(BaseModel):
    """One attempt of a service call under a policy."""

    n: int
    called: str
    """The method that was asked: that of the call, or a fallback."""
    parameters: Any
    reason: str
    """Why there was more than the first one, and what was changed."""
    ok: bool | None
    """None while its outcome is not known."""
    outcome: Any
    late: bool
    """Whether an answer came after it was given up."""
    started: float | None
    ended: float | None
    runs: int
    """How often it was begun: more than once when it was cut short."""


class Guard(BaseModel):
    """A guard that was asked, and its answer."""

    event: str
    transition: str
    answer: bool


class Call(BaseModel):
    """A service call."""

    method: str
    arguments: Any
    ok: bool
    answer: Any
    at: float
    seconds: float
    attempt: int
    attempts: list[Attempt]
    """Those of a call under a policy."""


class Turn(BaseModel):
    """One turn of the journal."""

    seq: int
    event: str
    payload: Any
    cause: str
    transitions: list[str]
    entered: list[str]
    exited: list[str]
    lines: list[int]
    """The numbers of the lines that it took in the diagram."""
    configuration: list[str]
    calls: list[Call]
    guards: list[Guard]
    actor: str
    """The person whose answer or decision it was."""
    reason: str
    at: float
    seconds: float


class Journal(BaseModel):
    """Some turns, oldest first; `after` asks for the next ones, None when there are no more."""

    turns: list[Turn]
    after: int | None


class Outcome(BaseModel):
    """What became of what was sent: it waits, was consumed by the turn `seq`, is deferred, or was refused."""

    state: Literal["waiting", "deferred", "consumed", "refused"]
    seq: int | None
    error: str
    message: str


class WorkerLine(BaseModel):
    """Somebody who runs instances."""

    id: str
    claims: int
    silent: float
    """Seconds since it was last heard of."""
    lease: float
    alive: bool
