"""Every error of the project, in one tree, which docs/errors.md draws."""

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


class NotAnswered(EventError):
    """A question was taken and its turn is committed, but no handler replied."""


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


class StateUnknown(InstanceError, LookupError):
    """The machine has no such state."""


class InvokeUnknown(InstanceError, LookupError):
    """The machine has no such invoke."""


class ChangeInvalid(InstanceError, ValueError):
    """What an operator wants to change does not fit the instance."""


class InstanceIdInvalid(InstanceError, ValueError):
    """The text cannot be the id of an instance."""


class PastUnknown(InstanceError, LookupError):
    """What the instance was after that turn is not known; `first` is the oldest turn of which it is, 0 without any."""

    def __init__(self, message: str, *, instance: str = "", first: int = 0) -> None:
        self.first = first
        super().__init__(message, instance=instance)


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


class EntryExceeded(TurnError):
    """The journal entry of a turn is longer than `limits.ENTRY_BYTES_MAX`."""


class NondeterministicTurn(TurnError):
    """A repeated turn did not ask for the calls that its first run had recorded."""


class TurnTimeout(TurnError):
    """A turn took longer than it may."""


class DeedsExceeded(TurnError):
    """An instance has done more that can be undone than is kept: `limits.DEEDS_MAX`, `limits.DEEDS_BYTES_MAX`."""


class ItemsInvalid(TurnError):
    """What the `each=` of an invoke gave is not a list of items that its method takes, or it is too long."""


class StatementFailed(TurnError):
    """A statement that a turn was to execute on the user's own tables failed."""


class SearchInvalid(TurnError, ValueError):
    """A value that instances cannot be found by, or a name that their machine does not name in `search=`."""


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


class ItemFailed(FsmError):
    """The work failed for one item of a collection; `item` is its number, from 0."""

    def __init__(self, item: int, kind: str, message: str, data: Any = None) -> None:
        self.item, self.kind, self.message, self.data = item, kind, f"item {item}: {message}", data
        super().__init__(f"{kind}: {self.message}")


class TooFewSucceeded(FsmError):
    """So many items failed that `join=` cannot be met; `data` has number, kind and message of each failure."""

    def __init__(self, message: str, data: list[Any]) -> None:
        self.data = data
        super().__init__(message)


class NotUndone(FsmError):
    """A compensation could not undo everything; `data` has name, kind and message of what is left."""

    def __init__(self, message: str, data: list[Any]) -> None:
        self.data = data
        super().__init__(message)


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


class ScheduleInvalid(FsmError, ValueError):
    """A schedule contradicts itself, or what it starts or sends does not fit; `problems` holds every mistake."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "; ".join(self.problems))


class ScheduleUnknown(FsmError, LookupError):
    """No schedule has this name."""


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


class EngineUnfit(FsmError):
    """The engine cannot do what it would be needed for; `problems` holds everything, and nothing was begun."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "; ".join(self.problems))


class EngineUnreachable(StoreError):
    """The engine does not answer, or not as it should."""


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
