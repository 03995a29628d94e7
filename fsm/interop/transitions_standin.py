"""A stand-in: the object that callbacks of a durable machine get for their model.

It is an instance of a class that extends the model's own, made without `__init__`, so that methods, properties and
`super()` work as they did. What differs:

    fields of the context    are read from and written to `ctx`, where every snapshot has them; `_x` is the field `x`
    state, is_A(), may_go()  tell of this instance
    go(), trigger("go")      queue the event, to be taken when the present one is done, in the same turn
    other attributes         are read from the object that was given as model, and written to it when there is no
                             context: shared by all instances and not durable
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial, partialmethod
from inspect import getattr_static, ismethod
from pkgutil import resolve_name
from types import new_class
from typing import Any

from transitions import Event, Machine
from transitions.extensions.asyncio import AsyncMachine

from fsm.chart.context import Context
from fsm.chart.event import Signal
from fsm.core.turn import possible
from fsm.errors import HandlerMisuse
from fsm.interop.transitions_passage import KEPT, live_of
from fsm.interop.transitions_reading import Reading
from fsm.interop.transitions_way import Script

HANDLE = "_handle_of_stand_in"
"""Where a stand-in keeps the `self` of the machine's handlers."""


class StandIn:
    """What every stand-in adds to its model's class."""

    stand_in_script: Script
    stand_in_context: type[Context]
    stand_in_model: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for other in (vars(self)[HANDLE].ctx, type(self).stand_in_model):
            if offers(other, name):
                return getattr(other, name)
        raise AttributeError(
            f"{type(self).__name__} has no attribute {name!r}; give from_transitions a context= with this field"
        )

    def __setattr__(self, name: str, value: object) -> None:
        kind = type(self)
        if hasattr(getattr_static(kind, name, None), "__set__"):
            object.__setattr__(self, name, value)
        elif kind.stand_in_model is not None and kind.stand_in_context is Context:
            setattr(kind.stand_in_model, name, value)
        else:
            raise HandlerMisuse(
                f"{kind.__name__}.{name}: no field of the context, and attributes of a model are not durable; give the"
                f" class that from_transitions gets as context= a field {name.lstrip('_')!r}"
            )

    def trigger(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Queue an event, to be taken when the present one is done; True, as with queued=True."""
        script = type(self).stand_in_script
        if name not in script.reading.triggers:
            known = ", ".join(t for t in script.reading.triggers if not t.startswith("to_"))
            raise HandlerMisuse(f"{script.chart.name}: no event {name!r}; its events are {known}")
        vars(self)[HANDLE].raise_(_signal(name, args, kwargs))
        return _answer(script.reading.machine, True)

    def may_trigger(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Whether an event would be taken in the state that the model says; its conditions are asked."""
        asking = _asking(vars(self)[HANDLE], _signal(name, args, kwargs))
        if isinstance(type(self).stand_in_script.reading.machine, AsyncMachine):
            return asking
        try:
            asking.send(None)
        except StopIteration as told:
            return told.value
        asking.close()
        raise HandlerMisuse(f"may_{name}: its conditions are asynchronous; own an AsyncMachine and await it")

    def to(self, state: Any, *args: Any, **kwargs: Any) -> Any:
        """Queue the auto transition to a state."""
        return self.trigger(f"to_{getattr(state, 'name', state)}", *args, **kwargs)

    def is_in(self, state: str) -> bool:
        """Whether a state is active, with none inside of it."""
        return any(place.id == state for place in _places(self))

    @property
    def in_state(self) -> Any:
        """What transitions would keep in the model's attribute: a name or an Enum, or a list for regions."""
        found = [place.state.value if _enum(place.state) else place.id for place in _places(self)]
        return found[0] if len(found) == 1 else found


def stand_in(
    reading: Reading, script: Script, model: Any, context: type[Context]
) -> tuple[type[StandIn], Callable[[Any], StandIn]]:
    """The class of the stand-ins for a model (an object, a class or None), and what makes one for a machine's self.

    Raises whatever a class raises that cannot be extended.
    """
    machine = reading.machine
    kind: Any = model if isinstance(model, type) else type(model)
    bases = (StandIn,) if model is None or kind.__module__.split(".")[0] == "transitions" else (StandIn, kind)
    body: dict[str, Any] = {
        "stand_in_script": script,
        "stand_in_context": context,
        "stand_in_model": None if isinstance(model, type) else model,
        "__module__": kind.__module__,
    }

    def offer(name: str, value: Any) -> None:
        if (len(bases) == 1 or not hasattr(kind, name)) ^ machine.model_override:
            body[name] = value

    infix = "" if machine.model_attribute == "state" else f"{machine.model_attribute}_"
    for trigger in reading.triggers:
        offer(trigger, partialmethod(StandIn.trigger, trigger))
        offer(f"may_{trigger}", partialmethod(StandIn.may_trigger, trigger))
    for id, place in reading.places.items():
        offer(f"is_{infix}{id}", partialmethod(StandIn.is_in, id))
        if reading.separator not in ("", "_") and place.parent is None:  # is_C() and is_C.a(), to_C() and to_C.a()
            offer(f"is_{infix}{id}", property(partial(_path, StandIn.is_in, reading, id)))
            offer(f"to_{infix}{id}", property(partial(_path, StandIn.to, reading, id)))
    for field in context.model_fields:
        body[field] = property(partial(_read, field), partial(_write, field))
        if not hasattr(getattr_static(kind, f"_{field}", None), "__get__"):  # a method keeps its name
            body[f"_{field}"] = body[field]
    body[machine.model_attribute] = StandIn.in_state
    made: Any = new_class(kind.__name__ if model is not None else "Model", bases, {}, lambda names: names.update(body))

    object.__new__(made)  # some classes of other languages cannot be made so: then here and not in the first turn

    def of(handle: Any) -> StandIn:
        found = vars(handle)
        if HANDLE not in found:
            found[HANDLE] = object.__new__(made)
            vars(found[HANDLE])[HANDLE] = handle
        kept: StandIn = found[HANDLE]
        return kept

    return made, of


def bound(callback: Any, data: Any) -> Callable[..., Any]:
    """The callable that a callback stands for: a name is looked up on the model, methods of it get the stand-in.

    Raises AttributeError for a name that is neither an attribute of the model nor can be imported.
    """
    model = data.model
    original = type(model).stand_in_model
    if isinstance(callback, str):
        try:
            found = getattr(model, callback)
        except AttributeError:
            found = imported(callback)
        callback = found if callable(found) else lambda *args, **kwargs: found
    if isinstance(callback, partial) and ismethod(callback.func):
        name = trigger_of(callback)
        if name is not None:
            return partial(model.trigger, name, *callback.args[2:])
        return partial(bound(callback.func, data), *callback.args, **callback.keywords)
    if ismethod(callback) and callback.__self__ is original and isinstance(model, type(original)):
        return partial(callback.__func__, model)
    function: Callable[..., Any] = callback
    return function


def offers(thing: Any, name: str) -> bool:
    """Whether something has an attribute; a machine as its own model may raise anything when it is asked."""
    try:
        return hasattr(thing, name)
    except Exception:
        return False


def imported(name: str) -> Any:
    """What an import path leads to. Raises AttributeError."""
    try:
        return resolve_name(name) if "." in name else _nowhere(name)
    except (ImportError, ValueError, AttributeError) as problem:
        raise AttributeError(f"{name!r} is neither an attribute of the model nor can it be imported") from problem


def trigger_of(callback: Any) -> str | None:
    """The event that a trigger of the original model stands for, when it was given as a callback."""
    owner = getattr(getattr(callback, "func", None), "__self__", None)
    if isinstance(owner, Machine) and callback.func.__name__ == "trigger_event":
        return str(callback.args[1])
    return owner.name if isinstance(owner, Event) else None


def _nowhere(name: str) -> Any:
    raise AttributeError(name)


def _signal(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Signal:
    data = {**kwargs, "*": list(args)} if args else kwargs
    return Signal(name=name, data=data or None)


def _answer(machine: Machine, value: bool) -> Any:
    async def later() -> bool:
        return value

    return later() if isinstance(machine, AsyncMachine) else value


async def _asking(handle: Any, event: Signal) -> bool:
    """Ask as if the turn had ended here, and leave no trace."""
    live, passage = live_of(handle), vars(handle).get(KEPT)
    at = live.at
    try:
        if passage is not None:
            live.at = live.table.configuration(tuple(sorted(passage.states)))
        return await possible(live, event.name, event)
    finally:
        live.at = at
        vars(handle)[KEPT] = passage


def _places(model: StandIn) -> list[Any]:
    handle = vars(model)[HANDLE]
    passage = vars(handle).get(KEPT)
    states = passage.states if passage is not None else live_of(handle).at.states
    return type(model).stand_in_script.leaves(states)


def _enum(state: Any) -> bool:
    return isinstance(state.value, Enum)


def _read(name: str, model: Any) -> Any:
    return getattr(vars(model)[HANDLE].ctx, name)


def _write(name: str, model: Any, value: Any) -> None:
    setattr(vars(model)[HANDLE].ctx, name, value)


def _path(act: Callable[..., Any], reading: Reading, id: str, model: Any) -> _Path:
    return _Path(partial(act, model), reading, id)


class _Path:
    """`is_C.a.b` and `to_C.a.b`, as transitions spells them when names are joined by something else than `_`."""

    def __init__(self, act: Callable[..., Any], reading: Reading, id: str) -> None:
        self._act, self._reading, self._id = act, reading, id

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._act(self._id, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        for part in (name, name.removeprefix("s")):
            id = f"{self._id}{self._reading.separator}{part}"
            if id in self._reading.places:
                return _Path(self._act, self._reading, id)
        raise AttributeError(f"{self._id!r} has no state {name!r} inside of it")
