"""Events: what a machine is told, and what it tells itself.

Event ── your events
  ├── Done[T]         an invoke answered, or all of a state is done
  │    └── Completed[T]  a person has completed a human task
  ├── Failed          an invoke failed
  ├── ActionFailed    an action raised
  ├── Question[R]     your events that want an answer
  └── Signal          any event of a machine that was made from data
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar

from fsm.errors import DefinitionError

T = TypeVar("T", default=Any)
R = TypeVar("R", default=Any)


class Event(BaseModel):
    """Something that happened; subclass it with the data that it carries.

    >>> class Pay(Event):
    ...     amount: int
    >>> Pay(amount=30).amount, wire_name(Pay)
    (30, 'Pay')

    Frozen; unknown fields are refused. Its wire name is the class name, dotted through event base classes,
    or the class keyword `name=`. Raises pydantic's ValidationError for wrong data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    __wire__: ClassVar[str] = ""
    __system__: ClassVar[bool] = False

    def __init_subclass__(cls, *, name: str | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if name is not None and not (isinstance(name, str) and name):
            raise DefinitionError(cls.__name__, [f"name={name!r} is not a wire name; write text such as 'order.paid'"])
        inherited = next((b.__wire__ for b in cls.__mro__[1:] if issubclass(b, Event)), "")
        cls.__wire__ = name or (f"{inherited}.{cls.__name__}" if inherited else cls.__name__)


class Done(Event, Generic[T], name="done"):
    """An invoke answered with `data`, or a state is done with the output of its final state."""

    __system__: ClassVar[bool] = True
    data: T
    source: str = ""


class Completed(Done[T], Generic[T], name="done"):
    """A person has completed a human task: `data` is the filled form, `by` who it was.

    >>> Completed[str](data="yes", by="ann").by
    'ann'
    """

    by: str = ""


class Problem(BaseModel):
    """What went wrong, as data: the kind is the name of the error's class."""

    model_config = ConfigDict(frozen=True)
    kind: str
    message: str
    data: Any = None


class Failed(Event, name="failed"):
    """An invoke failed; `error.kind` and `error.message` say how."""

    __system__: ClassVar[bool] = True
    error: Problem
    source: str = ""


class ActionFailed(Event, name="error.execution"):
    """An action raised; the rest of its block was skipped. `source` names the handler."""

    __system__: ClassVar[bool] = True
    error: Problem
    source: str = ""


class Signal(Event, name="signal"):
    """An event of a machine that was made from data: a wire name, and any JSON as its payload.

    >>> Signal(name="pay", data={"amount": 30}).data["amount"]
    30

    `origin` is the id of the instance that sent it, `invoke` the invoke that it came from, `sendid` the name under
    which it was sent; empty where there is none.
    """

    name: str
    data: Any = None
    sendid: str = ""
    origin: str = ""
    invoke: str = ""


class Question(Event, Generic[R]):
    """An event that wants an answer of the type that it names: `await order.ask(Quote(…))`.

    >>> class Quote(Question[int]):
    ...     item: str
    >>> wire_name(Quote)
    'Quote'

    A handler of the turn that takes it calls `self.reply(answer)`; whoever asked gets it when the turn is committed.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "[" in cls.__name__:  # made for its type alone
            cls.__wire__ = ""


Question.__wire__ = ""


class Started(Event, name="start"):
    """What the first turn, a timer and an eventless step are about: nothing was sent."""

    __system__: ClassVar[bool] = True


def wire_name(event: Event | type[Event]) -> str:
    """The name of an event outside of Python."""
    return event.name if isinstance(event, Signal) else event.__wire__


def key_of(event: Event) -> type[Event] | str:
    """What identifies the kind of an event: its class, or the name of a signal."""
    return event.name if isinstance(event, Signal) else type(event)


def known_events(roots: tuple[type[Event], ...]) -> dict[str, type[Event]]:
    """Wire name -> class, for the given classes and every subclass of theirs that exists now.

    A given class comes before a subclass of the same name, which may belong to quite another machine.
    """
    found = {e.__wire__: e for e in reversed(roots) if e.__wire__ and not e.__system__}
    waiting = list(reversed(roots))
    while waiting:
        event = waiting.pop()
        if event.__system__:
            continue
        if event.__wire__ and event.__pydantic_generic_metadata__["origin"] is None:
            found.setdefault(event.__wire__, event)
        waiting.extend(event.__subclasses__())
    return found
