"""Policy: what is done when a service call fails, hangs or is cut short, as data.

    contract   @call(retry=Retry(5)) above a method of the Protocol
    registered Orchestrator(…, policies={Payments.charge: call(timeout="5s")})
    call site  await call(once=True)(self.payments.charge)(30)

What is said nearer to the call wins, field by field.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Protocol, TypeVar, cast, runtime_checkable

from fsm.chart.delay import Delay, delay_ms
from fsm.errors import CallFailed, PolicyInvalid
from fsm.service.breaker import Breaker
from fsm.service.rate import Rate
from fsm.service.retry import Retry

F = TypeVar("F", bound=Callable[..., Any])

Adjust = Callable[[dict[str, Any], CallFailed, int], Mapping[str, Any] | None]
"""(arguments, error, attempt that failed) -> the arguments to change, by name."""

Fallback = Callable[..., Any] | str
"""A method of a contract, or "service.method" with the name of a machine's attribute."""

_MARK: Final = "__fsm_policy__"


@runtime_checkable
class Ask(Protocol):
    """A method of a service as a handler has it."""

    def under(self, policy: Policy) -> Callable[..., Any]:
        """The same method under a nearer policy."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What `call` was told; None where it was told nothing. Times are seconds."""

    retry: Retry | None = None
    timeout: float | None = None
    adjust: Adjust | None = None
    fallback: Fallback | None = None
    escalate: str | None = None
    once: bool | None = None
    heartbeat: float | None = None
    rate: Rate | None = None
    concurrency: int | None = None
    breaker: Breaker | None = None

    def __call__(self, function: F) -> F:
        """Put a contract's method, or a method at its call site, under this policy. Raises PolicyInvalid."""
        if isinstance(function, Ask):
            shared = ("rate", "concurrency", "breaker", "escalate")
            limits = [name for name in shared if getattr(self, name) is not None]
            if limits:
                raise PolicyInvalid(
                    "call(…) at a call site",
                    [
                        f"{name}= is shared by all calls of a method; say it in the contract or in policies="
                        for name in limits
                    ],
                )
            return cast(F, function.under(self))
        setattr(function, _MARK, self)
        return function

    @property
    def attempts(self) -> int:
        """How often the method itself may be tried."""
        return 1 if self.retry is None else self.retry.attempts

    def over(self, farther: Policy | None) -> Policy:
        """This policy, with what it leaves open from a farther one."""
        if farther is None:
            return self
        if self.once:  # at most once, whatever was said about repeating it
            farther = replace(farther, retry=None, adjust=None)
        return replace(farther, **{f.name: v for f in fields(self) if (v := getattr(self, f.name)) is not None})

    def problems(self) -> list[str]:
        """What contradicts itself."""
        found = []
        if self.once and self.attempts > 1:
            found.append("once=True with retry=: what is made at most once is not repeated; leave one of them out")
        if self.adjust is not None and self.attempts < 2:
            found.append("adjust= without a second attempt: add retry=Retry(2) or more, or leave it out")
        if self.adjust is not None and not _takes_three(self.adjust):
            found.append("adjust= does not take three arguments; write def adjust(arguments, error, attempt)")
        if self.escalate is not None and not (isinstance(self.escalate, str) and self.escalate.strip()):
            found.append(f"escalate={self.escalate!r} names nobody; write the person or the group that is asked")
        if self.heartbeat is not None and self.timeout is not None and self.heartbeat >= self.timeout:
            found.append("heartbeat= is not shorter than timeout=, so that it is never missed; make it shorter")
        return found


def call(
    *,
    retry: Retry | None = None,
    timeout: Delay | None = None,
    adjust: Adjust | None = None,
    fallback: Fallback | None = None,
    escalate: str | None = None,
    once: bool | None = None,
    heartbeat: Delay | None = None,
    rate: str | None = None,
    concurrency: int | None = None,
    breaker: Breaker | None = None,
) -> Policy:
    """A policy of service calls.

    >>> class Payments(Protocol):
    ...     @call(retry=Retry(5, backoff="2s", budget="10m"), timeout="5s")
    ...     async def charge(self, amount: int) -> str: ...

    - `retry`: how often a failed call is made again, and when.
    - `timeout`: how long one attempt may take. An answer that comes later is kept with its attempt, not used.
    - `adjust`: a pure function of arguments, error and attempt: the arguments that the next attempt has instead.
    - `fallback`: the method to ask when this one has failed for good, under its own policy.
    - `escalate`: the person or group that is asked, by a human task, when all else has failed: the answer in its place,
      or to give up. In invokes only; a turn cannot wait for people, it fails and its incident is shown.
    - `once`: the call is made at most once. One that was cut short has an unknown outcome, and fails with the kind
      "Unknown". Without it a call that was cut short is repeated with the same idempotency key.
    - `heartbeat`: the attempt fails when the implementation is silent for longer: `current_call().beat()`.
    - `rate`, `concurrency`: how many calls may begin in a time ("10/s"), and run at once, for each orchestrator.
    - `breaker`: when to leave the method alone for a while.

    Raises PolicyInvalid with everything that is wrong.
    """
    problems: list[str] = []
    policy = Policy(
        retry=retry,
        timeout=_seconds("timeout", timeout, problems),
        adjust=adjust,
        fallback=fallback,
        escalate=escalate,
        once=once,
        heartbeat=_seconds("heartbeat", heartbeat, problems),
        rate=_rate(rate, problems),
        concurrency=concurrency,
        breaker=breaker,
    )
    problems += _shapeless(policy)
    if not problems and once and retry is not None and policy.attempts > 1:
        problems += policy.problems()
    if policy == Policy():
        problems.append("it says nothing; name what is to be done")
    if problems:
        raise PolicyInvalid("call(…)", problems)
    return policy


def _shapeless(policy: Policy) -> list[str]:
    """What is not of the kind that it should be."""
    adjust, fallback, most = policy.adjust, policy.fallback, policy.concurrency
    found = [
        f"{name}={value!r} is not a {kind.__name__}"
        for name, kind in (("retry", Retry), ("breaker", Breaker), ("once", bool))
        if (value := getattr(policy, name)) is not None and not isinstance(value, kind)
    ]
    if adjust is not None and not callable(adjust):
        found.append(f"adjust={adjust!r} is not a function")
    if fallback is not None and not (callable(fallback) or (isinstance(fallback, str) and fallback.count(".") == 1)):
        found.append(f"fallback={fallback!r} is neither a contract's method nor a text such as 'backup.charge'")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        found.append(f"concurrency={most!r} is not a whole number of 1 or more")
    return found


def policy_of(function: Callable[..., Any]) -> Policy | None:
    """The policy that a contract's method carries."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Policy) else None


def _takes_three(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind({}, None, 1)
    except TypeError:
        return False
    except ValueError:  # written in C, and silent about what it takes
        return True
    return True


def _seconds(name: str, delay: Delay | None, problems: list[str]) -> float | None:
    if delay is None:
        return None
    try:
        milliseconds = delay_ms(delay)
    except ValueError as problem:
        problems.append(f"{name}: {problem}")
        return None
    if not milliseconds:
        problems.append(f"{name}={delay!r} leaves no time at all")
    return milliseconds / 1000


def _rate(text: str | None, problems: list[str]) -> Rate | None:
    if text is None:
        return None
    try:
        return Rate.read(text)
    except ValueError as problem:
        problems.append(f"rate: {problem}")
        return None
