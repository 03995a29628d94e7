"""Blocks: executable content that runs together, as the core runs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fsm.chart.chart import Handler
from fsm.chart.event import Signal
from fsm.interop.scxml_evaluator import Deed, Place, Scene
from fsm.interop.scxml_tree import Element


class Block:
    """Content that runs together: what fails in it ends it. `elements` are what it was made of."""

    def __init__(self, deeds: Iterable[Deed], elements: Iterable[Element], place: Place | None) -> None:
        self.deeds, self.elements, self.place = tuple(deeds), tuple(elements), place

    def __call__(self, machine: Any, event: Any) -> None:
        scene = Scene(machine, event, self.place)
        try:
            for deed in self.deeds:
                deed(scene)
        except Undelivered as failed:
            fail(scene, failed, failed.kind, failed.sendid)

    def handler(self, element: Element) -> Handler:
        """The block as the chart has it, named after the element that holds it."""
        return Handler(element.name, self, self, f"line {element.line}")


class Undelivered(Exception):
    """A message that could not be sent; `kind` is the name of the event that tells it."""

    def __init__(self, kind: str, text: str, sendid: str) -> None:
        self.kind, self.sendid = kind, sendid
        super().__init__(text)


def fail(scene: Scene, problem: Exception, name: str = "error.execution", sendid: str = "") -> None:
    """Queue the event of an error."""
    data = {"kind": type(problem).__name__, "message": str(problem)}
    scene.machine._scope.raise_(Signal(name=name, data=data, sendid=sendid))
