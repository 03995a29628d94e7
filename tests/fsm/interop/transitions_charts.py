"""Random charts of the common subset, as `transitions` takes them, with every callback written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from transitions import Machine, MachineError
from transitions.extensions import HierarchicalMachine

from fsm import StateMachine
from fsm.errors import NotAccepted, Refused

EVENTS = ("go", "run", "hop")
FLAGS = ("p", "q")


class Model:
    """A model without anything of its own."""


@dataclass
class Drawn:
    """A chart: settings without callbacks; `tell` gives the callbacks that write to a log."""

    states: list[Any] = field(default_factory=list)
    transitions: list[dict[str, Any]] = field(default_factory=list)
    initial: str = ""
    names: list[str] = field(default_factory=list)
    regions: dict[str, str] = field(default_factory=dict)
    """State -> the region that it lies in, where it lies in one."""
    kind: Any = HierarchicalMachine

    def machine(self, log: list[str]) -> Any:
        """A live machine that writes to a log."""
        return self.kind(
            model=None,
            states=[_heard(state, log, "", self.kind is not Machine) for state in self.states],
            transitions=[_told(number, t, log) for number, t in enumerate(self.transitions)],
            initial=self.initial,
            **{
                role: _teller(role, log)
                for role in (
                    "prepare_event",
                    "before_state_change",
                    "after_state_change",
                    "finalize_event",
                    "on_final",
                )
            },
        )


def _teller(name: str, log: list[str]) -> Any:
    return lambda **flags: log.append(name)


def _asker(name: str, flag: str, log: list[str]) -> Any:
    def ask(**flags: bool) -> bool:
        log.append(name)
        return flags[flag]

    return ask


def _heard(state: dict[str, Any], log: list[str], prefix: str, nested: bool) -> dict[str, Any]:
    name = f"{prefix}{state['name']}"
    found = {**state, "on_enter": [_teller(f"enter {name}", log)], "on_exit": [_teller(f"exit {name}", log)]}
    if state.get("final") and nested:
        found["on_final"] = [_teller(f"final {name}", log)]
    for key in ("children", "parallel"):
        if key in state:
            found[key] = [_heard(child, log, f"{name}_", nested) for child in state[key]]
    return found


def _told(number: int, transition: dict[str, Any], log: list[str]) -> dict[str, Any]:
    found = dict(transition)
    for role in ("conditions", "unless"):
        if role in found:
            found[role] = [_asker(f"{role} {number} {flag}", flag, log) for flag in found[role]]
    for role in ("prepare", "before", "after"):
        found[role] = [_teller(f"{role} {number}", log)]
    return found


def draw(random: Random, *, depth: int = 2, parallel: bool = False) -> Drawn:
    """A chart. With regions, transitions stay where `transitions` itself reaches legal configurations only."""
    drawn = Drawn(kind=HierarchicalMachine if depth else Machine)
    drawn.states = [_state(random, drawn, name, "", "", depth, parallel) for name in "ABC"[: random.randint(2, 3)]]
    drawn.initial = random.choice([s["name"] for s in drawn.states if not s.get("final")] or ["A"])
    drawn.states[0].pop("final", None)
    for _ in range(random.randint(3, 10)):
        source, event = random.choice(drawn.names), random.choice(EVENTS)
        targets: list[Any] = [n for n in drawn.names if _fits(drawn, source, n)]
        if not (parallel and any(n.startswith(source) for n in drawn.regions)):
            targets += [None, "="] if source not in drawn.regions.values() else [None]
        if not targets:
            continue
        found: dict[str, Any] = {"trigger": event, "source": source, "dest": random.choice(targets)}
        for role in ("conditions", "unless"):
            if random.random() < 0.25:
                found[role] = [random.choice(FLAGS)]
        drawn.transitions.append(found)
    return drawn


def _fits(drawn: Drawn, source: str, target: str) -> bool:
    """Whether both lie in the same region or in none, and the target is no region."""
    same = drawn.regions.get(source, "") == drawn.regions.get(target, "")
    return same and target not in drawn.regions.values()


def _state(
    random: Random, drawn: Drawn, name: str, prefix: str, region: str, depth: int, parallel: bool
) -> dict[str, Any]:
    whole = f"{prefix}{name}"
    drawn.names.append(whole)
    if region:
        drawn.regions[whole] = region
    state: dict[str, Any] = {"name": name}
    kind = random.random()
    if depth and kind < 0.55:
        regions = parallel and not region and random.random() < 0.6
        inner = [
            _state(random, drawn, child, f"{whole}_", f"{whole}_{child}" if regions else region, depth - 1, parallel)
            for child in "xyz"[: random.randint(2, 3)]
        ]
        state["parallel" if regions else "children"] = inner
        if not regions and random.random() < 0.7:
            state["initial"] = random.choice([child["name"] for child in inner])
    elif kind > 0.9 and not parallel:
        state["final"] = True
    return state


def walk(drawn: Drawn, random: Random, steps: int) -> tuple[list[Any], list[Any]]:
    """The same events on both sides: for each what was answered, where it led, and which callbacks ran."""
    theirs, ours = list[Any](), list[Any]()
    heard, told = list[str](), list[str]()
    machine, model = drawn.machine(heard), Model()
    made = StateMachine.from_transitions(drawn.machine(told), name="Drawn")
    machine.add_model(model)
    rehearsal = made.rehearse()
    events = [*EVENTS, *(f"to_{name}" for name in drawn.names if not drawn.regions)]
    for _ in range(steps):
        event, flags = random.choice(events), {flag: random.random() < 0.5 for flag in FLAGS}
        heard.clear()
        told.clear()
        try:
            answer: Any = model.trigger(event, **flags)  # type: ignore[attr-defined]
        except (MachineError, AttributeError):
            answer = "invalid"
            heard.clear()  # transitions runs finalize_event even then
        theirs.append((event, answer, _leaves(model.state), tuple(heard)))  # type: ignore[attr-defined]
        try:
            rehearsal.send(event, **flags)
            got: Any = True
        except Refused:
            got = False
        except NotAccepted:
            got = "invalid"
        ours.append((event, got, rehearsal.configuration, tuple(told)))
        if rehearsal.done:
            break
    return theirs, ours


def _leaves(state: Any) -> frozenset[str]:
    if isinstance(state, list):
        return frozenset().union(*map(_leaves, state))
    return frozenset({state})
