"""Ladder: which attempt of a call comes next, decided from what is written down, so that a restart keeps the rung.

call ──▶ attempts of the method, arguments adjusted ──▶ attempts of its fallback ──▶ … ──▶ a person ──▶ it has failed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import from_json

from fsm.errors import CallFailed, CallInvalid
from fsm.service.contract import Method
from fsm.service.failure import Retryable, Terminal
from fsm.service.policy import Policy

UNKNOWN: Final = "Unknown"
"""The kind of a call that was to be made once and was cut short."""

UNSURE: Final = frozenset({UNKNOWN, "TimeoutError", "HeartbeatLost", "AnswerInvalid"})
"""Failures that do not tell whether the call took effect: what is to be made once is not asked of a fallback then."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A method, and the policy under which it is tried."""

    method: Method
    policy: Policy
    person: str = ""
    """Who is asked in its place, on the last rung of a ladder that escalates."""

    @property
    def name(self) -> str:
        """What it is called in the rows of its attempts."""
        return f"escalate:{self.person}" if self.person else self.method.full


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed."""

    kind: str
    message: str
    data: Any = None
    problem: BaseException | None = field(default=None, compare=False)
    """The exception itself, where it was just raised."""

    @classmethod
    def read(cls, recorded: str, problem: BaseException | None = None) -> Failure | None:
        """The failure that an outcome tells of; None for an answer."""
        error = from_json(recorded).get("error")
        return None if error is None else cls(error["kind"], error["message"], error["data"], problem)


@dataclass(frozen=True, slots=True)
class Next:
    """The attempt that follows a failed one."""

    rung: int
    wait: float
    """Seconds from now."""
    reason: str


def after(
    rungs: Sequence[Rung], rung: int, failure: Failure, *, made: int, spent: float, chance: float, people: bool = False
) -> Next | None:
    """What follows when a rung was tried so often, for so many seconds; None when the ladder has ended.

    A further attempt has to begin within the budget. `chance`, from 0 to 1, is what the delay is varied with. `people`
    says whether one may be waited for.
    """
    policy = rungs[rung].policy
    retry = policy.retry
    if retry is not None and not policy.once and made < retry.attempts and retry.repeats(failure.kind, failure.problem):
        asked = failure.problem.after if isinstance(failure.problem, Retryable) else None
        wait = retry.delay(made, chance) if asked is None else asked
        if retry.budget_seconds is None or spent + wait <= retry.budget_seconds:
            return Next(rung, wait, failure.kind)
    unsure = policy.once and failure.kind in UNSURE
    for number, following in enumerate(rungs[rung + 1 :], rung + 1):
        if following.person and people:  # who may also be asked what became of a call
            return Next(number, 0.0, f"{failure.kind}: escalated")
        if not following.person and not unsure:
            return Next(number, 0.0, f"{failure.kind}: fallback")
    return None


def adjusted(rung: Rung, arguments: dict[str, Any], failure: Failure, attempt: int) -> dict[str, Any]:
    """The arguments of the attempt after this one. Raises CallInvalid when the policy's function cannot tell."""
    method, adjust = rung.method, rung.policy.adjust
    if adjust is None:
        return arguments
    error = CallFailed(method.service, method.name, failure.kind, failure.message, failure.data)
    try:
        changes = adjust(dict(arguments), error, attempt) or {}
        unknown = [name for name in changes if name not in arguments]
    except Exception as problem:
        raise CallInvalid(
            f"{method.full}: its policy's adjust failed with {type(problem).__name__}: {problem}"
        ) from problem
    if unknown:
        raise CallInvalid(
            f"{method.full}: its policy's adjust gave {', '.join(map(repr, unknown))}, which it does not take"
        )
    return {**arguments, **changes}


def is_healthy(failure: Failure | None) -> bool:
    """Whether an outcome shows that the service is there: an answer does, and so does a considered refusal."""
    return failure is None or isinstance(failure.problem, Terminal)
