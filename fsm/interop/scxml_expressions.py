"""The expressions of a document while it is read: its evaluator, and the mistakes found so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fsm.chart.guard import Guard, InState, Predicate, parts
from fsm.errors import DefinitionError
from fsm.interop.scxml_evaluator import Assignment, Deed, Evaluator, Question, Scene, Value
from fsm.interop.scxml_guard import constant, plain_guard
from fsm.interop.scxml_tree import Element

T = TypeVar("T")
Load = Callable[[str], str]
"""How a document gets another one: the address in `src`, to its text."""


class WrittenGuard:
    """A condition of the evaluator's as a guard asks it."""

    def __init__(self, text: str, question: Question) -> None:
        self.text, self.question = text, question

    def __call__(self, machine: Any, event: Any) -> bool:
        return self.question(Scene(machine, event))


class Expressions:
    """Turns the expressions of one document into functions; what cannot be read becomes a problem."""

    def __init__(self, evaluator: Evaluator | None, load: Load | None) -> None:
        self.evaluator, self.load = evaluator, load
        self.problems: list[tuple[int, str]] = []
        self.asked: list[tuple[Element, str]] = []
        """The states that conditions ask for."""

    def problem(self, element: Element, text: str) -> None:
        """Note a mistake."""
        self.problems.append((element.line, f"{element.where}: {text}"))

    def finish(self, title: str) -> None:
        """Raise DefinitionError with everything noted, in document order."""
        if self.problems:
            raise DefinitionError(title, [text for _, text in sorted(self.problems, key=lambda found: found[0])])

    def guard(self, element: Element) -> Guard | None:
        """The guard of a transition, or of a branch of `if`; None when it has no `cond`."""
        text = element.get("cond")
        if text is None:
            return None
        known = plain_guard(text)
        if known is not None:
            self.asked += [(element, str(part.state)) for part in parts(known) if isinstance(part, InState)]
            return known
        question = self._made(element, "cond", lambda language: language.guard(text))
        if question is None:
            return constant(False)
        made = Predicate(WrittenGuard(text, question))
        made.label = text
        return made

    def value(self, element: Element, attribute: str, text: str | None = None) -> Value:
        """The function of an attribute that holds an expression."""
        given = text if text is not None else element.get(attribute, "")
        return self._made(element, attribute, lambda language: language.value(given)) or _nothing

    def location(
        self, element: Element, attribute: str, *, declare: bool = False, text: str | None = None
    ) -> Assignment:
        """The function of an attribute that names a place for a value."""
        given = text if text is not None else element.get(attribute, "")
        made = self._made(element, attribute, lambda language: language.location(given, declare=declare))
        return made or _nowhere

    def deed(self, element: Element) -> Deed:
        """What an element does that only the evaluator knows."""
        return self._made(element, "", lambda language: language.execute(element)) or _nothing

    def loaded(self, element: Element, address: str) -> str:
        """The text that `src` names; noted as a problem, and empty, when there is none."""
        if self.load is None:
            self.problem(element, f"src={address!r} cannot be fetched; pass load=, a function from address to text")
            return ""
        try:
            return self.load(address)
        except Exception as problem:
            self.problem(element, f"src={address!r} cannot be fetched: {problem}; mend the address, or load=")
            return ""

    def _made(self, element: Element, attribute: str, make: Callable[[Evaluator], T]) -> T | None:
        what = f"{attribute}={element.get(attribute, '')!r}" if attribute else "it"
        if self.evaluator is None:
            self.problem(element, f"{what} needs an expression language, and none is built in; pass evaluator=")
            return None
        try:
            return make(self.evaluator)
        except ValueError as problem:
            self.problem(element, f"{what} cannot be read by the evaluator: {problem}")
            return None


def _nothing(scene: Scene) -> None:
    """Stands for an expression that could not be read; the document is refused."""


def _nowhere(scene: Scene, value: Any) -> None:
    """Stands for a location that could not be read; the document is refused."""
