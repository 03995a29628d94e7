"""From a spec to a machine class, through the public front door alone: as source text, which is also what a failure
prints."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from fsm import Context, Event, StateMachine
from tests.oracle.spec import FLAGS, FUEL, Block, Burn, Count, Edge, Fail, FlagTest, Kind, Put, Raise, Spec, State


class Data(Context):
    """What the machines of the oracle carry."""

    flags: dict[str, bool] = dict.fromkeys(FLAGS, False)
    fuel: int = FUEL
    log: list[str] = []


PREAMBLE = """\
from fsm import (ActionFailed, Choice, Context, Event, Final, History, Parallel, State, StateMachine, after, all_done,
                 always, choose, default, defer, edge, guard, in_state, invoke, on, on_enter, on_exit)

class A(Event): ...
class B(Event): ...
class Sub(B): ...
class C(Event): ...
class D(Event): ...
class E(Event): ...

asked = []

def flag(name, waits):
    if waits:
        async def ask(self) -> bool:
            asked.append(name)
            return self.ctx.fuel > 0 if name == "fuel" else self.ctx.flags[name]
    else:
        def ask(self) -> bool:
            asked.append(name)
            return self.ctx.fuel > 0 if name == "fuel" else self.ctx.flags[name]
    ask.__name__ = f"flag_{name}"
    return guard(ask)

def spend(self, event):
    if self.ctx.fuel > 0:
        self.ctx.fuel -= 1
        self.raise_(event)

flag_a, flag_b, flag_c, flag_fuel = flag("a", True), flag("b", False), flag("c", False), flag("fuel", False)

"""

BASES = {
    Kind.ATOMIC: "State",
    Kind.COMPOUND: "State",
    Kind.PARALLEL: "Parallel",
    Kind.FINAL: "Final",
    Kind.SHALLOW: "History",
    Kind.DEEP: "History",
    Kind.CHOICE: "Choice",
}


def machine_of(spec: Spec) -> tuple[type[StateMachine[Data, Event]], list[str]]:
    """The class of a spec, and the list that its guards write to when they are asked."""
    names: dict[str, Any] = {"__name__": "oracle_machine", "Data": Data}
    exec(compile(PREAMBLE + body_of(spec), "<oracle machine>", "exec", dont_inherit=True), names)
    made: type[StateMachine[Data, Event]] = names["M"]
    return made, names["asked"]


def source_of(spec: Spec) -> str:
    """A module that can be run by itself."""
    data = ["class Data(Context):", f"    flags: dict[str, bool] = {dict.fromkeys(FLAGS, False)!r}"]
    data += [f"    fuel: int = {FUEL}", "    log: list[str] = []", "", ""]
    return PREAMBLE + "\n".join(data) + body_of(spec)


def body_of(spec: Spec) -> str:
    """The class statement."""
    lines = [f"class M(StateMachine[Data, A | B | C | D | E], unhandled={spec.unhandled!r}):"]
    for child in spec.states[0].children:
        lines += _state(spec, spec.states[child], "    ")
    lines += _work(spec)
    for edge in spec.edges:
        if not edge.inside:
            lines += _edge(spec, edge, "    ")
    for state in spec.states[1:]:
        lines += _handlers(spec, state)
    return "\n".join(lines) + "\n"


def event_source(wire: str) -> str:
    """The Python name of an event."""
    return "Event" if wire == "*" else wire.split(".")[-1]


def _state(spec: Spec, state: State, indent: str) -> list[str]:
    arguments = BASES[state.kind]
    if spec.states[state.parent].initial == state.index:
        arguments += ", initial=True"
    if state.kind is Kind.DEEP:
        arguments += ", deep=True"
    lines = [f"{indent}class {state.name}({arguments}):"]
    if state.counts:
        lines.append(f"{indent}    n: int = 0")
    for child in state.children:
        lines += _state(spec, spec.states[child], indent + "    ")
    for edge in spec.edges:
        if edge.inside and edge.source == state.index:
            lines += _edge(spec, edge, indent + "    ")
    if len(lines) == 1:
        lines[0] += " ..."
    return lines


def _work(spec: Spec) -> list[str]:
    lines = []
    for state in spec.states:
        if state.invokes:
            lines += [f"    @invoke({state.id})", f"    async def work{state.index}(self) -> int: return 1"]
    return lines


def _handlers(spec: Spec, state: State) -> list[str]:
    lines = []
    if state.ways:
        lines += _decision(spec, state)
    if state.keeps:
        lines.append(f"    keep{state.index} = defer(E, {state.id})")
    for verb, blocks in (("on_enter", state.entry), ("on_exit", state.exit)):
        for k, block in enumerate(blocks):
            lines += _method(spec, f"@{verb}({state.id})", f"{verb}{state.index}_{k}", block, "    ")
    if state.default:
        call = f"default({state.id}, to={_tuple(spec, state.default, '')})"
        if state.default_block is None:
            lines.append(f"    default{state.index} = {call}")
        else:
            lines += _method(spec, f"@{call}", f"default{state.index}", state.default_block, "    ")
    return lines


def _decision(spec: Spec, state: State) -> list[str]:
    ids = [spec.states[w].id for w in state.ways]
    lines = [
        f"    @choose({state.id})",
        f"    def decide{state.index}(self) -> {' | '.join(f'type[{i}]' for i in ids)}:",
    ]
    for flag, way in zip(FLAGS, ids[:-1], strict=False):
        lines += [f"        asked.append({flag!r})", f"        if self.ctx.flags[{flag!r}]: return self.{way}"]
    return [*lines, f"        return self.{ids[-1]}"]


def _edge(spec: Spec, edge: Edge, indent: str) -> list[str]:
    source = spec.states[edge.source]
    prefix = f"{source.id}." if edge.inside else ""
    here = [source.id] if source.index and not edge.inside else []
    match edge.trigger:
        case "event":
            verb, arguments = "edge", [event_source(edge.event), *here]
        case "error":
            verb, arguments = "edge", ["ActionFailed", *here]
        case "done":
            verb, arguments = "all_done", here
        case "after":
            verb, arguments = "after", [f'"{edge.delay_ms}ms"', *here]
        case "answered" | "failed":
            verb, arguments = f"work{source.index}.{'done' if edge.trigger == 'answered' else 'failed'}", []
        case _:
            verb, arguments = "always", here
    if verb == "edge" and edge.block is not None and crc32(edge.name.encode()) % 2:
        verb = "on"
    if edge.targets:
        arguments.append(f"to={_tuple(spec, edge.targets, prefix)}")
    if edge.guard:
        arguments.append(f"when={_guard(spec, edge)}")
    if edge.reenter:
        arguments.append("reenter=True")
    call = f"{verb}({', '.join(arguments)})"
    if edge.block is None:
        return [f"{indent}{edge.name} = {call}"]
    return _method(spec, f"@{call}", edge.name, edge.block, indent)


def _tuple(spec: Spec, states: tuple[int, ...], prefix: str) -> str:
    paths = [spec.states[s].id.removeprefix(prefix) for s in states]
    return paths[0] if len(paths) == 1 else f"({', '.join(paths)})"


def _guard(spec: Spec, edge: Edge) -> str:
    parts = []
    for test in edge.guard:
        text = f"flag_{test.name}" if isinstance(test, FlagTest) else f"in_state({spec.states[test.state].id})"
        parts.append(f"~{text}" if test.negated else text)
    return " & ".join(parts)


def _method(spec: Spec, decorator: str, name: str, block: Block, indent: str) -> list[str]:
    takes = "self, ev" if crc32(block.token.encode()) % 2 else "self"
    lines = [
        f"{indent}{decorator}",
        f"{indent}{'async ' if block.waits else ''}def {name}({takes}) -> None:",
        f"{indent}    self.ctx.log.append({block.token!r})",
    ]
    for op in block.ops:
        match op:
            case Raise():
                line = f"spend(self, {event_source(op.event)}())"
            case Put():
                line = f"self.ctx.flags[{op.flag!r}] = {op.value}"
            case Burn():
                line = "self.ctx.fuel -= 1"
            case Count():
                line = f"self.local(self.{spec.states[op.state].id}).n += 1"
            case Fail():
                line = "raise RuntimeError('planned')"
        lines.append(f"{indent}    {line}")
    return lines
