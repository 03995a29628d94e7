"""Runs the test modules of `transitions` itself against our algorithm: `python transitions_suite.py FOLDER MODULE…`.

The folder is an unpacked source distribution of transitions. The machine classes that its tests use are replaced by
ones that are put together as ever, and whose triggers run what `from_transitions` makes of the machine at that moment.
Prints a JSON object: the name of each test, and "passed", "skipped" or the last line of what went wrong.
"""

from __future__ import annotations

import importlib
import json
import sys
import unittest
from collections.abc import Iterator
from enum import Enum
from functools import partial
from typing import Any

from transitions import Machine, MachineError
from transitions.extensions import AsyncMachine, HierarchicalAsyncMachine, HierarchicalMachine

from fsm import Context, StateMachine
from fsm.chart.event import Signal
from fsm.chart.machine import handle
from fsm.core.live import Live
from fsm.core.snapshot import configuration_of
from fsm.core.table import table_of
from fsm.core.turn import possible, turn
from fsm.errors import GuardFailed, NotAccepted, Refused, UnhandledError
from fsm.interop.transitions_face import Face


class Bridged:
    """What is put before a machine class of transitions."""

    def trigger_event(self, model: Any, trigger: str, *args: Any, **kwargs: Any) -> Any:
        return self._drive(self._taken(model, trigger, args, kwargs))

    def _get_trigger(self, model: Any, trigger: str, *args: Any, **kwargs: Any) -> Any:
        return self.trigger_event(model, trigger, *args, **kwargs)

    def _add_trigger_to_model(self: Any, trigger: str, model: Any) -> None:
        if isinstance(self, HierarchicalMachine):
            super()._add_trigger_to_model(trigger, model)  # type: ignore[misc]
        else:
            self._checked_assignment(model, trigger, partial(self.trigger_event, model, trigger))
            self._add_may_transition_func_for_trigger(trigger, model)

    def _can_trigger(self, model: Any, trigger: str, *args: Any, **kwargs: Any) -> Any:
        return self._drive(self._asked(model, trigger, args, kwargs))

    def _drive(self, work: Any) -> Any:
        try:
            work.send(None)
        except StopIteration as told:
            return told.value
        raise AssertionError("a callback really waited")

    def _live(self: Any, model: Any) -> tuple[Live, Any]:
        made = StateMachine.from_transitions(self, model=model)
        live = Live("bridge", table_of(made))
        live.machine = handle(made, live, {})
        vars(live.machine)["ctx"] = Context()
        live.begin_turn("event", 0.0)
        leaves = frozenset(_names(getattr(model, self.model_attribute), self))
        live.at = configuration_of(live.table, leaves)
        return live, Face(made.__chart__)

    async def _asked(self, model: Any, trigger: str, args: Any, kwargs: Any) -> bool:
        live, _ = self._live(model)
        try:
            return await possible(live, trigger, _signal(trigger, args, kwargs))
        except GuardFailed as failed:
            raise failed.__cause__ or failed from None

    async def _taken(self: Any, model: Any, trigger: str, args: Any, kwargs: Any) -> bool:
        live, face = self._live(model)
        try:
            await turn(live, trigger, _signal(trigger, args, kwargs))
        except Refused:
            return False
        except NotAccepted as problem:
            if face.chart.unhandled == "ignore":
                return False
            if trigger in self.events or (isinstance(self, HierarchicalMachine) and self.has_trigger(trigger)):
                raise MachineError(f"Can't trigger event {trigger!r}: {problem}") from problem
            raise AttributeError(f"Do not know event named '{trigger}'.") from problem
        except (GuardFailed, UnhandledError) as failed:
            raise failed.__cause__ or failed from None
        self.set_state(_tree(face, live, 0), model)
        return True


def _signal(trigger: str, args: Any, kwargs: Any) -> Signal:
    return Signal.model_construct(name=trigger, data={**kwargs, "*": list(args)} if args else kwargs or None)


def _names(state: Any, machine: Any) -> Iterator[str]:
    for item in state if isinstance(state, (list, tuple)) else [state]:
        if isinstance(item, (list, tuple)):
            yield from _names(item, machine)
        elif not isinstance(item, Enum):
            yield item
        elif isinstance(machine, HierarchicalMachine):
            yield machine.state_cls.separator.join(machine._get_enum_path(item))
        else:
            yield item.name


def _tree(face: Face, live: Live, parent: int) -> Any:
    children = [n for n in face.chart.nodes[1:] if n.parent == parent and n.index in live.at.members]
    found: list[Any] = []
    for child in children:
        inner = _tree(face, live, child.index)
        inner = inner if isinstance(inner, list) else [inner] if inner else []
        name = face.chart.nodes[child.index].id
        found += [inner] if len(inner) > 1 and len(children) > 1 else inner or [name]
    return found if len(found) != 1 else found[0]


class Awaited(Bridged):
    """The same for asynchronous machines."""

    async def _drive(self, work: Any) -> Any:
        return await work


FlatBridge: Any = type("FlatBridge", (Bridged, Machine), {})
NestedBridge: Any = type("NestedBridge", (Bridged, HierarchicalMachine), {})
AsyncBridge: Any = type("AsyncBridge", (Awaited, AsyncMachine), {})
NestedAsyncBridge: Any = type("NestedAsyncBridge", (Awaited, HierarchicalAsyncMachine), {})
REPLACED = {
    "Machine": FlatBridge,
    "HierarchicalMachine": NestedBridge,
    "AsyncMachine": AsyncBridge,
    "HierarchicalAsyncMachine": NestedAsyncBridge,
}


class Outcomes(unittest.TestResult):
    """Remembers how each test ended."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def stopTest(self, test: unittest.TestCase) -> None:
        self.found.setdefault(test.id(), "passed")
        super().stopTest(test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.found[test.id()] = "skipped"

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        drawn = err[0].__name__ == "ExecutableNotFound"  # nothing of ours: there is no Graphviz on this machine
        self.found[test.id()] = "skipped" if drawn else f"{err[0].__name__}: {err[1]}"[:200]

    addFailure = addError


def main(folder: str, modules: list[str]) -> None:
    """Run the modules and print what came of each test."""
    sys.path.insert(0, folder)
    helpers = importlib.import_module("tests.utils")
    outcomes = Outcomes()
    loaded = [importlib.import_module(f"tests.{name}") for name in modules]
    for module in [found for name, found in sys.modules.items() if name.startswith("tests.")]:
        for name, kind in REPLACED.items():
            if getattr(module, name, None) is getattr(sys.modules["__main__"], name):
                setattr(module, name, kind)
    helpers.Stuff.__init__.__defaults__ = (None, FlatBridge, None)
    for module in loaded:
        unittest.defaultTestLoader.loadTestsFromModule(module).run(outcomes)
    print("\n" + json.dumps(outcomes.found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
