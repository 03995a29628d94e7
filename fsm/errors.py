"""Every error of the project, in one tree.

FsmError
├── DefinitionError          a class is not a machine; .problems lists everything wrong with it
├── EventError               the sender is told, nothing was written
│   ├── UnknownEvent             no such event in the machine's alphabet
│   ├── EventInvalid             the payload does not validate
│   ├── NotAccepted              no edge for it in the active configuration
│   ├── Refused                  an edge exists, its guards are all false
│   └── InboxFull                too many events wait already
├── InstanceError
│   ├── InstanceUnknown          no instance has this id
│   ├── InstanceExists           the id is taken by other data or another machine
│   ├── InstanceParked           it waits for `retry`; the event stays accepted
│   ├── InstanceEnded            done, failed or cancelled: it takes no more events
│   ├── InstanceFailed           result() of an instance that failed
│   ├── InstanceCancelled        result() of an instance that was cancelled
│   ├── ChangeInvalid            a change that an operator made does not fit
│   ├── InstanceIdInvalid        an id that cannot be a key
│   └── ReentrantSend            a turn waits for its own instance
├── TurnError                the turn was rolled back; a durable instance is parked
│   ├── GuardFailed              a guard raised
│   ├── UnhandledError           an error event met no edge
│   ├── ContextInvalid           the context does not fit its type, or cannot be encoded
│   ├── MicrostepsExceeded       the macrostep does not end
│   ├── NondeterministicTurn     a repeated turn asked other calls than the recorded ones
│   ├── TurnTimeout              the turn took too long
│   └── HandlerMisuse            something that a handler must not do
├── TaskError                something is wrong with one human task, named by `task`
│   ├── TaskUnknown              no task has this id
│   ├── TaskClosed               it was completed or withdrawn; says what became of the case
│   ├── TaskTaken                somebody else has claimed it, or changed it at the same moment
│   └── FormInvalid              the answer does not fit the form; .problems lists the fields
├── CallFailed               a service call failed, live and replayed alike
├── DecisionFailed           a table or a rule set has no answer for what it was given
├── ExpressionFailed         an expression of a document has no value for what it was given
├── ServiceError
│   ├── ServiceMissing           a machine's service has no implementation
│   ├── ServiceInvalid           an implementation does not fit its contract
│   ├── CallInvalid              arguments or an answer that cannot be recorded
│   └── PolicyInvalid            a policy of calls contradicts itself or its contract
├── SnapshotError
│   ├── SnapshotCorrupted        it cannot be read, or contradicts its machine
│   ├── SnapshotNewer            written by a newer version of the machine
│   └── SnapshotUnfit            written by another version, whose states this class does not have
├── RehearsalError
│   ├── RehearsalSuspended       a service given to a rehearsal really waited
│   └── NothingPending           there is no such invoke to answer
├── StoreError
│   ├── StoreUrlInvalid          no store speaks this URL
│   ├── StoreLocked              another process holds the database's lock
│   ├── StoreReadOnly            it cannot be written
│   ├── StoreFull                the disk is full
│   ├── StoreUnsuitable          a network disk, or a journal mode that is not WAL
│   ├── StoreCorrupted           the file is not a database of ours
│   └── StoreNewer               its schema is newer than this code
├── OrchestratorClosed       used before it was entered or after it was left
├── MachineUnknown           the orchestrator was not given this machine
├── WaitTimeout              the wait ended; what was waited for goes on
├── DrawingError             the picture cannot be made
└── MissingExtra             an optional dependency is not installed; names it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class FsmError(Exception):
    """The root of every error that the project raises itself."""


class DefinitionError(FsmError, TypeError):
    """A class body is not a machine; `problems` holds every mistake in document order, each with its fix."""

    def __init__(self, machine: str, problems: Sequence[str]) -> None:
        self.machine, self.problems = machine, tuple(problems)
        count = f"{len(self.problems)} mistake{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n".join([f"{machine}: {count} in the definition.", *(f"  - {p}" for p in self.problems)]))


class EventError(FsmError):
    """An event was not taken; nothing was written but the outcome of its key."""

    def __init__(self, message: str, *, event: str = "", instance: str = "") -> None:
        self.event, self.instance = event, instance
        super().__init__(message)


class UnknownEvent(EventError):
    """The machine knows no event of this name."""


class EventInvalid(EventError, ValueError):
    """The payload of an event does not validate."""


class NotAccepted(EventError):
    """No active state has an edge for the event."""


class Refused(EventError):
    """Active states have edges for the event and every guard said no."""


class InboxFull(EventError):
    """Too many events wait for the instance already."""


class InstanceError(FsmError):
    """Something is wrong with one instance, named by `instance`."""

    def __init__(self, message: str, *, instance: str = "") -> None:
        self.instance = instance
        super().__init__(message)


class InstanceUnknown(InstanceError, LookupError):
    """No instance has this id."""


class InstanceExists(InstanceError):
    """The id belongs to an instance with other data or of another machine."""


class InstanceParked(InstanceError):
    """The instance cannot go on until somebody retries it; `incident` says why."""

    def __init__(self, message: str, *, instance: str = "", incident: str = "") -> None:
        self.incident = incident
        super().__init__(message, instance=instance)


class InstanceEnded(InstanceError):
    """The instance is done, failed or cancelled."""


class InstanceFailed(InstanceError):
    """The instance ended without an output."""


class InstanceCancelled(InstanceError):
    """The instance was cancelled."""


class ChangeInvalid(InstanceError, ValueError):
    """What an operator wants to change does not fit the instance."""


class InstanceIdInvalid(InstanceError, ValueError):
    """The text cannot be the id of an instance."""


class ReentrantSend(InstanceError):
    """A turn waited for its own instance, which waits for the turn."""


class TurnError(FsmError):
    """A turn was rolled back: configuration and context are what they were before the event."""


class GuardFailed(TurnError):
    """A guard raised, so that nothing may be decided."""


class UnhandledError(TurnError):
    """An error event met no edge; the original error is `__cause__` and in `kind` and `detail`."""

    def __init__(self, message: str, *, kind: str = "", detail: str = "") -> None:
        self.kind, self.detail = kind, detail
        super().__init__(message)


class ContextInvalid(TurnError):
    """After the turn the context did not fit its own type, or could not be encoded."""


class MicrostepsExceeded(TurnError):
    """One event caused more microsteps than `limits.MICROSTEPS_MAX`."""


class NondeterministicTurn(TurnError):
    """A repeated turn did not ask for the calls that its first run had recorded."""


class TurnTimeout(TurnError):
    """A turn took longer than it may."""


class HandlerMisuse(TurnError, AttributeError):
    """A handler did what handlers must not do, such as assigning an attribute of `self`."""


class TaskError(FsmError):
    """Something is wrong with one human task, named by `task`; nothing was written."""

    def __init__(self, message: str, *, task: str = "") -> None:
        self.task = task
        super().__init__(message)


class TaskUnknown(TaskError, LookupError):
    """No human task has this id."""


class TaskClosed(TaskError):
    """The task was completed or withdrawn already."""


class TaskTaken(TaskError):
    """Somebody else has claimed the task, or was quicker."""


class FormInvalid(TaskError, ValueError):
    """The answer does not fit the form of the task; `problems` holds (field, what is wrong) for each."""

    def __init__(self, message: str, *, task: str = "", problems: Sequence[tuple[str, str]] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message, task=task)


class CallFailed(FsmError):
    """A service call failed: the same whether it was just made or is answered from the journal."""

    def __init__(self, service: str, method: str, kind: str, message: str, data: Any = None) -> None:
        self.service, self.method, self.kind, self.message, self.data = service, method, kind, message, data
        super().__init__(f"{service}.{method} failed with {kind}: {message}")


class DecisionFailed(FsmError, ValueError):
    """A table or a rule set has no answer: the case is outside of its domain, or a rule cannot be evaluated."""


class ExpressionFailed(FsmError, ValueError):
    """An expression of a document has no value in this situation, such as a field that the event does not carry."""


class ServiceError(FsmError):
    """Something is wrong with the services a machine was given."""


class ServiceMissing(ServiceError, LookupError):
    """A machine's service has no implementation."""


class ServiceInvalid(ServiceError):
    """An implementation lacks a method of its contract, or takes other arguments."""


class CallInvalid(ServiceError):
    """Arguments or an answer that cannot be written to the journal."""


class PolicyInvalid(ServiceError, ValueError):
    """Policies of calls contradict themselves or their contracts; `problems` holds every mistake."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "; ".join(self.problems))


class SnapshotError(FsmError):
    """A snapshot cannot be restored."""


class SnapshotCorrupted(SnapshotError):
    """The snapshot cannot be read or contradicts its machine."""


class SnapshotNewer(SnapshotError):
    """The snapshot was written by a newer version of its machine."""


class SnapshotUnfit(SnapshotError):
    """Another version wrote the snapshot, it does not fit this class and no migration makes it; `reason` says why."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        self.reason = reason
        super().__init__(message)


class RehearsalError(FsmError):
    """A rehearsal was asked for something that it cannot do."""


class RehearsalSuspended(RehearsalError):
    """A service given to a rehearsal really waited."""


class NothingPending(RehearsalError, LookupError):
    """No pending invoke has this name."""


class StoreError(FsmError):
    """The store cannot do what it must; nothing was written."""


class StoreUrlInvalid(StoreError, ValueError):
    """No store speaks this URL."""


class StoreLocked(StoreError):
    """Another process holds the database's lock for too long."""


class StoreReadOnly(StoreError):
    """The database cannot be written."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreUnsuitable(StoreError):
    """The place or mode of the database cannot keep the promises."""


class StoreCorrupted(StoreError):
    """The file is damaged, or not a database of ours."""


class StoreNewer(StoreError):
    """The schema of the database is newer than this code."""


class OrchestratorClosed(FsmError):
    """The orchestrator is used outside its `async with` block."""


class MachineUnknown(FsmError, LookupError):
    """The orchestrator was not given this machine."""


class WaitTimeout(FsmError, TimeoutError):
    """The waiting ended, not the work: what was waited for goes on."""


class DrawingError(FsmError):
    """A picture cannot be made."""


class MissingExtra(FsmError, ImportError):
    """An optional dependency is missing; `extra` names what to install."""

    def __init__(self, extra: str, why: str) -> None:
        self.extra = extra
        super().__init__(f"{why} Install it with: pip install 'dynamic-orchestrator[{extra}]'")
