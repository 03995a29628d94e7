"""`send` and `cancel`: messages of a machine to itself, its parent and the machines that it invoked (section 6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fsm.chart.delay import delay_ms
from fsm.chart.event import Signal
from fsm.interop.scxml_block import Undelivered
from fsm.interop.scxml_evaluator import PROCESSOR, Deed, Raised, Scene, Value
from fsm.interop.scxml_expressions import Expressions
from fsm.interop.scxml_payload import payload
from fsm.interop.scxml_tree import Element

INTERNAL = "#_internal"
_TIME = re.compile(r"\s*(\d+\.\d*|\.?\d+)\s*(ms|s)\s*")


def css_time(text: str) -> timedelta:
    """A delay as SCXML writes it, a CSS2 time. Raises ValueError.

    >>> css_time("1.5s"), css_time(".5s") == css_time("500ms")
    (datetime.timedelta(seconds=1, microseconds=500000), True)
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a delay; write a number and s or ms, such as '1.5s'")
    try:
        delay = timedelta(milliseconds=float(found[1]) * (1000 if found[2] == "s" else 1))
        delay_ms(delay)
    except (OverflowError, ValueError) as problem:
        raise ValueError(f"{text!r} is longer than 1,000 years; write a shorter delay") from problem
    return delay


def send(reading: Expressions, element: Element) -> Deed:
    """What a `send` does."""
    _check(reading, element)
    name, target, kind = (given(reading, element, what) for what in ("event", "target", "type"))
    delay = given(reading, element, "delay")
    data = payload(reading, element)
    keep = reading.location(element, "idlocation") if "idlocation" in element.attrib else None

    def run(scene: Scene) -> None:
        sendid = element.get("id", "")
        if keep is not None:
            sendid = str(scene.machine.uuid())
            keep(scene, sendid)
        try:
            signal = Signal(name=_named(name(scene)), data=data(scene), sendid=sendid)
            later = css_time(str(delay(scene) or "0s"))
            where, processor = str(target(scene) or ""), kind(scene)
        except Exception as problem:
            raise Undelivered("error.execution", f"{type(problem).__name__}: {problem}", sendid) from problem
        if processor not in ("", None, "scxml", PROCESSOR):
            raise Undelivered("error.execution", f"there is no event processor {processor!r}", sendid)
        if where != INTERNAL:
            scene.machine.send(signal, _destination(scene, where, sendid), delay=later, id=sendid)
        elif later:
            raise Undelivered("error.execution", f"what goes to {INTERNAL} cannot be delayed", sendid)
        else:
            scene.machine.raise_(Raised(name=signal.name, data=signal.data, sendid=sendid))

    return run


def cancel(reading: Expressions, element: Element) -> Deed:
    """What a `cancel` does."""
    if not {"sendid", "sendidexpr"} & set(element.attrib):
        reading.problem(element, "says no sendid; write sendid='…'")
    name = given(reading, element, "sendid")
    return lambda scene: scene.machine.cancel_send(str(name(scene)))


def given(reading: Expressions, element: Element, attribute: str) -> Value:
    """The value of an attribute, which may be written down or worked out: `event` and `eventexpr`."""
    if f"{attribute}expr" in element.attrib:
        return reading.value(element, f"{attribute}expr")
    text = element.get(attribute, "")
    return lambda scene: text


def _check(reading: Expressions, element: Element) -> None:
    if not {"event", "eventexpr"} & set(element.attrib) and not element.all("content"):
        reading.problem(element, "says no event; write event='…'")
    delay = element.get("delay")
    if delay is not None:
        _tried(reading, element, "delay", lambda: css_time(delay))
    if element.get("target") == INTERNAL and {"delay", "delayexpr"} & set(element.attrib):
        reading.problem(element, f"what goes to {INTERNAL} cannot be delayed; take the delay or the target out")
    if "event" in element.attrib:
        check_event(reading, element)


def check_event(reading: Expressions, element: Element) -> None:
    """Note when `event=` is not the name of an event."""
    _tried(reading, element, "event", lambda: _named(element.get("event")))


def _tried(reading: Expressions, element: Element, attribute: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except ValueError as problem:
        reading.problem(element, f"{attribute}={problem}")


def _named(name: Any) -> str:
    if not isinstance(name, str) or not name or set(name) & set(" \t\n*()"):
        raise ValueError(f"{name!r} is not the name of an event; write one word such as 'order.paid'")
    return name


def _destination(scene: Scene, target: str, sendid: str) -> str | None:
    """The id of the instance that an address means; None for the sender itself. Raises Undelivered."""
    live = scene.machine._scope
    children = {live.child(invoke) for invoke in live.invokes}
    session = target.removeprefix("#_scxml_")
    if target == "" or session == live.id:
        return None
    if target == "#_parent":
        found = live.parent
    elif session != target:
        found = session if session in {live.parent, *children} else ""
    elif target.startswith("#_"):
        found = live.child(target.removeprefix("#_"))
    else:
        raise Undelivered("error.execution", f"{target!r} is not an address; write #_parent or #_invokeid", sendid)
    if not found:
        raise Undelivered("error.communication", f"there is nobody at {target!r}", sendid)
    return str(found)
