"""What `fsm list` is asked for, as the question that a store understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsm.chart.search import keyed_id
from fsm.command.failure import Misuse
from fsm.command.target import machine_of
from fsm.ports.store import Status


def wish(
    machine: str | None,
    states: list[str],
    statuses: list[str],
    tag: str | None,
    key: str | None,
    attributes: list[str],
    breached: bool = False,
) -> Mapping[str, Any]:
    """The arguments of `Store.find`. Raises Misuse."""
    known = [s.value for s in Status]
    if wrong := [s for s in statuses if s not in known]:
        raise Misuse(f"no status {wrong[0]!r}", where="--status", fix=f"one of {', '.join(known)}")
    if wrong := [a for a in attributes if not a.partition("=")[1]]:
        raise Misuse(f"no value in {wrong[0]!r}", where="--attribute", fix="write NAME=VALUE, as in customer=c1")
    tagged: list[str] = []
    if machine is not None and ":" in machine:
        chart = machine_of(machine).__chart__
        machine, tagged = chart.name, [n.id for n in chart.nodes if tag in n.tags]
    elif tag is not None:
        raise Misuse("a tag is known by the class alone", where="--tag", fix="add --machine MODULE:CLASS")
    if tag is not None:
        states = [s for s in tagged if not states or any(s == state or s.startswith(f"{state}.") for state in states)]
        states = states or ["?"]  # nothing is in no state
    if key is not None and machine is None:
        raise Misuse("a key is unique within its machine", where="--key", fix="add --machine NAME")
    return {
        "machine": machine,
        "states": states,
        "statuses": statuses,
        "attributes": [(name, value) for name, _, value in (a.partition("=") for a in attributes)],
        "breached": breached,
        "ids": [] if key is None else [keyed_id(machine or "", key)],
    }
