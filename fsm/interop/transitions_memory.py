"""A machine of `transitions` in memory whose triggers run our algorithm: a face, with a rehearsal behind each model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from transitions import MachineError
from transitions.extensions import HierarchicalGraphMachine, HierarchicalMachine
from transitions.extensions.nesting import NestedState

from fsm.chart.delay import Delay
from fsm.chart.machine import Machine
from fsm.chart.state import Kind
from fsm.errors import DefinitionError, InstanceEnded, NotAccepted, Refused, UnknownEvent
from fsm.interop.transitions_face import Face
from fsm.testing.rehearsal import Rehearsal


class TriggerInvalid(NotAccepted, MachineError):
    """No active state takes the trigger: NotAccepted here, MachineError there."""

    value = ""

    def __str__(self) -> str:
        return str(self.args[0])


class TriggerUnknown(UnknownEvent, AttributeError):
    """The machine has no such trigger: UnknownEvent here, AttributeError there."""


class Steered:
    """What is put before a class of `transitions`: its triggers and states come from a rehearsal."""

    face: Face
    begin: Any
    models: list[Any]
    model_attribute: str
    self_literal: str
    complete = False

    # ---- running

    def rehearsal(self, model: Any = None) -> Rehearsal[Any, Any, Any]:
        """The rehearsal behind a model; of the only one by default."""
        found: Rehearsal[Any, Any, Any] = self._rehearsals[id(self.models[0] if model is None else model)]
        return found

    def trigger_event(self, model: Any, trigger: str, *args: Any, **kwargs: Any) -> bool:
        """Send an event; whether a transition was taken. Raises TriggerInvalid, TriggerUnknown, TurnError."""
        rehearsal = self.rehearsal(model)
        try:
            step = rehearsal.send(trigger, **self._payload(trigger, args, kwargs))
        except Refused:
            return False
        except (NotAccepted, InstanceEnded) as problem:
            told = f"Can't trigger event {trigger!r}: {problem}"
            raise TriggerInvalid(told, event=trigger, instance=rehearsal.id) from problem
        self.refresh()
        return bool(step.microsteps)

    def advance(self, delay: Delay) -> None:
        """Let time pass for every model: invokes are settled, due timers fire."""
        for model in self.models:
            self.rehearsal(model).advance(delay)
        self.refresh()

    def refresh(self) -> None:
        """Let every model say where it is, after its rehearsal was used directly."""
        for model in self.models:
            states = self._states_of(self.rehearsal(model), 0)
            setattr(model, self.model_attribute, states[0] if len(states) == 1 else states)

    def _states_of(self, rehearsal: Rehearsal[Any, Any, Any], parent: int) -> list[Any]:
        """Names of the active leaves below a state; regions of regions in a list of their own."""
        chart, active = self.face.chart, rehearsal.active
        children = [n for n in chart.nodes[1:] if n.parent == parent and n.id in active and n.kind is not Kind.HISTORY]
        found: list[Any] = []
        for child in children:
            inner = self._states_of(rehearsal, child.index)
            found += [inner] if len(inner) > 1 and len(children) > 1 else inner or [self.face.name(child.index)]
        return found

    def _payload(self, trigger: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if trigger not in self.face.triggers:
            known = ", ".join(self.face.triggers)
            raise TriggerUnknown(f"Do not know event named {trigger!r}. Events of this machine: {known}", event=trigger)
        return {**kwargs, "*": list(args)} if args else kwargs

    def _can_trigger(self, model: Any, trigger: str, *args: Any, **kwargs: Any) -> bool:
        known = trigger in self.face.triggers
        return known and self.rehearsal(model).can(trigger, **self._payload(trigger, args, kwargs))

    # ---- what transitions does when it is put together

    def add_model(self, model: Any, initial: Any = None) -> None:
        """Begin a rehearsal for a model, or for several."""
        if initial is not None:
            raise _fixed(self, "add_model(initial=…)", "a snapshot brings a machine anywhere")
        for each in model if isinstance(model, (list, tuple)) else [model]:
            found = self if each is self.self_literal else each
            self._rehearsals[id(found)] = self.begin()
            super().add_model(found)  # type: ignore[misc]
        self.refresh()

    def get_triggers(self, *states: Any) -> list[str]:
        """The events that states take; what is taken without being sent is left out."""
        found = super().get_triggers(*states)  # type: ignore[misc]
        return [name for name in dict.fromkeys(found) if name in self.face.triggers]

    def add_states(self, *args: Any, **kwargs: Any) -> None:
        """Refused once the machine is complete."""
        if self.complete:
            raise _fixed(self, "add_states", "change the class that it was made of")
        super().add_states(*args, **kwargs)  # type: ignore[misc]

    def add_transition(self, *args: Any, **kwargs: Any) -> None:
        """Refused once the machine is complete."""
        if self.complete:
            raise _fixed(self, "add_transition", "change the class that it was made of")
        super().add_transition(*args, **kwargs)  # type: ignore[misc]

    def remove_transition(self, *args: Any, **kwargs: Any) -> None:
        """Refused."""
        raise _fixed(self, "remove_transition", "change the class that it was made of")

    def _add_trigger_to_model(self, trigger: str, model: Any) -> None:
        if trigger in self.face.triggers:
            super()._add_trigger_to_model(trigger, model)  # type: ignore[misc]

    def _identify_callback(self, name: str) -> tuple[None, None]:
        return None, None  # callbacks belong into the class; without this, on_enter_… would be accepted and never run

    def _get_graph(self, model: Any, title: Any = None, force_new: bool = True, show_roi: bool = False) -> Any:
        return super()._get_graph(model, title, True, show_roi)  # type: ignore[misc]

    @property
    def _rehearsals(self) -> dict[int, Rehearsal[Any, Any, Any]]:
        found: dict[int, Rehearsal[Any, Any, Any]] = vars(self).setdefault("rehearsals", {})
        return found


def machine_to(
    origin: type[Machine[Any, Any, Any]],
    data: Any = None,
    *,
    model: Any = "self",
    services: Mapping[Any, Any] | None = None,
    graph_engine: str = "",
) -> Any:
    """A machine of `transitions` that runs a class of ours in memory. Raises the errors of its first turn."""
    face = Face(origin.__chart__)
    base: Any = HierarchicalGraphMachine if graph_engine else HierarchicalMachine
    kept = {"data": data} if data is not None else {}
    body = {
        "face": face,
        "begin": staticmethod(partial(Rehearsal, origin, services=services, **kept)),
        "state_cls": type("Place", (NestedState,), {"separator": face.separator}),
    }
    kind: Any = type(origin.__name__, (Steered, base), body)
    more = {"graph_engine": graph_engine, "show_conditions": True} if graph_engine else {}
    made = kind(
        model=model,
        states=face.states(),
        transitions=list(face.transitions()),
        initial=face.initial(face.chart.nodes[0]),
        auto_transitions=False,
        name=face.chart.name,
        **more,
    )
    made.complete = True
    return made


def _fixed(machine: Steered, what: str, fix: str) -> DefinitionError:
    name = machine.face.chart.name
    return DefinitionError(name, [f"{what}: a machine that runs {name} has its chart, which never changes; {fix}"])
