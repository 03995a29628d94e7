"""Operators: what somebody decides about a parked instance, as a turn of its own with who and why.

    parked ──retry──────────────▶ the cause that failed is evaluated again
           ──retry with changes─▶ the same, on another context, or as another event
           ──skip───────────────▶ the cause is dropped: an event is refused, a timer, an answer or an invoke ends
           ──resolve────────────▶ the same, with what came of it in the context: somebody has done it by hand

Everything is one commit. Calls that the cause had made are not forgotten; after a change those that it does not ask for
again are let be.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from fsm.core.asking import signed, unsigned
from fsm.core.codec import Codec
from fsm.core.step import event_name
from fsm.errors import ChangeInvalid, FsmError, InstanceError, Refused
from fsm.ports.store import Accepted, Commit, Effect, Entry, Loaded
from fsm.runtime import finding, outbox, past, records
from fsm.runtime.arrivals import event_work
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, why, and what is changed: JSON merge patches of the context and of the event's payload."""

    by: str = ""
    reason: str = ""
    context: Any = None
    payload: Any = None

    @classmethod
    def of(cls, text: str) -> Decision:
        """The decision from the row of a control; what else the row says, whoever wrote it, decides nothing."""
        said = json.loads(text)
        return cls(**{field.name: said[field.name] for field in fields(cls) if field.name in said})

    def text(self, verb: str, instance: str) -> str:
        """The decision as the row of the control keeps it. Raises ChangeInvalid."""
        if not self.by and (verb in DROPPED or self != NOBODY):
            raise ChangeInvalid(f"{instance!r}: nobody is named; say by= who decides to {verb}", instance=instance)
        for what, patch in (("change", self.context), ("payload", self.payload)):
            if not isinstance(patch, dict | None):
                raise ChangeInvalid(
                    f"{instance!r}: {what}={patch!r} is no JSON object; name the fields that change", instance=instance
                )
        try:
            return json.dumps({key: value for key, value in asdict(self).items() if value not in ("", None)})
        except (TypeError, ValueError) as problem:
            raise ChangeInvalid(f"{instance!r}: the change is no JSON: {problem}", instance=instance) from problem


DROPPED = MappingProxyType({"skip": "skipped", "resolve": "resolved"})
"""The verbs after which what failed is not done again, and how that is told."""

NOBODY = Decision()
"""Nobody is named, and nothing is changed."""


async def decide(keeper: Kept, work: Work, commit: Commit) -> Callable[[], None]:
    """Put a decision into the commit that lets a parked instance go on; what is to be done when it is durable.

    Raises ChangeInvalid, InstanceError; then nothing is written.
    """
    decision, incident = Decision.of(work.payload), keeper.incident
    if not decision.by or incident is None or commit.record is None:
        return _nothing
    cause = incident.cause
    waiting = next((one for one in keeper.queue if one.ref == cause), None)
    after: list[Callable[[], None]] = []
    if dropped := str(work.key) in DROPPED:
        after.append(_drop(keeper, commit, cause, waiting, str(work.key), decision))
    if decision.context is not None:
        await _change_context(keeper, commit, "" if dropped else cause, decision.context)
    if decision.payload is not None:
        after.append(_change_payload(keeper, commit, None if dropped else waiting, decision.payload))
    record, verb = commit.record, str(work.key) if dropped else "retry"
    moving = json.loads(record.moving or "{}")
    if not dropped and (decision.context is not None or decision.payload is not None):
        moving["c"] = cause if waiting is not None or not cause.startswith("result:") else calls_of(cause, keeper.id)
    commit.record = record = replace(record, moving=json.dumps(moving, separators=(",", ":")))
    if record.seq:  # an instance that has not begun has no turns yet
        record.seq += 1
        payload = json.dumps({**json.loads(work.payload), "cause": cause})
        entry = Entry(keeper.id, record.seq, f"operator:{work.ref}", verb, payload, "[]", record.config, work.at, 0.0)
        if keeper.machine.__history__ == "full":
            entry.past = past.kept(keeper.record, record)
        commit.entry = entry
    finding.note(commit, keeper.codec, keeper.record, record.context)
    after.append(lambda: _read_again(keeper))

    def durable() -> None:
        for do in after:
            do()

    return durable


def resolution(work: Work) -> str:
    """How an incident is said to be resolved."""
    by = Decision.of(work.payload).by
    return DROPPED.get(str(work.key), "retried") + (f" by {by}" if by else "")


def _nothing() -> None:
    """Nobody has decided anything but to try again."""


def _read_again(keeper: Kept) -> None:
    vars(keeper.self_)["ctx"] = records.read(keeper.live, keeper.record, keeper.codec)
    keeper.live.saved = keeper.record.context


def calls_of(cause: str, instance: str) -> str:
    """The cause of the calls of an invoke, from that of the turn that takes its result.

    >>> calls_of("result:charge#3@A-1", "A-1")
    'invoke:charge#3'
    """
    return "invoke:" + cause.removeprefix("result:").removesuffix(f"@{instance}")


def _place(cause: str, instance: str) -> tuple[str, int]:
    """Key and generation of a timer or an invoke, from the cause of its turn."""
    key, _, generation = cause.partition(":")[2].removesuffix(f"@{instance}").rpartition("#")
    return key, int(generation)


def _drop(
    keeper: Kept, commit: Commit, cause: str, waiting: Work | None, verb: str, decision: Decision
) -> Callable[[], None]:
    if cause.startswith("start@"):
        raise InstanceError(
            f"{keeper.record.machine} {keeper.id!r} has not begun: its start cannot be {DROPPED[verb]}. Change its data"
            f" and retry, or cancel it.",
            instance=keeper.id,
        )
    assert commit.record is not None
    moving = json.loads(commit.record.moving or "{}")
    if cause.startswith("timer:"):
        key, generation = _place(cause, keeper.id)
        commit.timers_cleared = [(key, generation)]
        moving.get("t", {}).pop(key, None)
    elif cause.startswith("result:"):
        key, generation = _place(cause, keeper.id)
        commit.effects_cleared = commit.withdrawn = [(key, generation)]
        moving.get("i", {}).pop(key, None)
    commit.record = replace(commit.record, moving=json.dumps(moving, separators=(",", ":")))
    if waiting is None:
        return _nothing
    why = Refused(
        f"{keeper.record.machine} {keeper.id!r}: {event_name(waiting.key)!r} was {DROPPED[verb]} by {decision.by}:"
        f" {decision.reason or 'no reason given'}.",
        event=event_name(waiting.key),
        instance=keeper.id,
    )
    row = replace(outbox.row_of(keeper, waiting), state="refused", outcome=outbox.refusal_of(why))
    commit.settled = [*commit.settled, row]

    def forget() -> None:
        keeper.queue.remove(waiting)
        keeper.known.discard(waiting.ref)
        waiting.fail(why)

    return forget


async def _change_context(keeper: Kept, commit: Commit, cause: str, patch: Any) -> None:
    assert commit.record is not None
    context = patched(keeper.codec, keeper.id, commit.record.context, patch)
    commit.record = replace(commit.record, context=context)
    if cause.startswith("result:"):  # an invoke works on a copy of its own
        loaded = await keeper.host.store.load(keeper.id)
        effects: list[Effect] = loaded.effects if loaded is not None else []
        commit.effects_set = [
            replace(effect, context=patched(keeper.codec, keeper.id, effect.context, patch))
            for effect in effects
            if (effect.key, effect.generation) == _place(cause, keeper.id)
        ]


def patched(codec: Codec, instance: str, context: bytes, patch: Any) -> bytes:
    """A context with a change. Raises ChangeInvalid."""
    try:
        changed = json.dumps(merged(json.loads(context), patch))
        return codec.encode_context(codec.decode_context(changed))
    except FsmError as problem:
        text = str(problem).partition(". Restore")[0].replace("the stored context", "the changed context")
        raise ChangeInvalid(f"{instance!r} was not changed: {text}.", instance=instance) from problem


def _change_payload(keeper: Kept, commit: Commit, waiting: Work | None, patch: Any) -> Callable[[], None]:
    if waiting is None:
        raise ChangeInvalid(f"{keeper.id!r}: what failed has no payload; change the context", instance=keeper.id)
    row, fresh = amended(keeper.codec, outbox.row_of(keeper, waiting), patch)
    commit.amended = [row]

    def amend() -> None:
        waiting.payload, waiting.event, waiting.failure = fresh.payload, fresh.event, None

    return amend


def amended(codec: Codec, row: Accepted, patch: Any) -> tuple[Accepted, Work]:
    """A waiting event with a change, and its work. Raises ChangeInvalid."""
    said, by = unsigned(row.payload)
    changed = json.dumps(merged(json.loads(said), patch))
    row = replace(row, payload=signed(changed, by) if by else changed)
    work = event_work(codec, row)
    if work.failure is not None:
        raise ChangeInvalid(f"{row.instance!r} was not changed: {work.failure}", instance=row.instance)
    return row, work


def check(codec: Codec, loaded: Loaded, decision: Decision) -> None:
    """Refuse a change that does not fit the instance, before a worker has to. Raises ChangeInvalid."""
    record, cause = loaded.record, loaded.incident.cause if loaded.incident else ""
    if decision.context is not None:
        patched(codec, record.id, record.context, decision.context)
    for row in loaded.inbox if decision.payload is not None else ():
        if row.ref == cause:
            amended(codec, row, decision.payload)


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386) applied.

    >>> merged({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": None, "e": 4}})
    {'a': 1, 'b': {'d': 3, 'e': 4}}
    """
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found
