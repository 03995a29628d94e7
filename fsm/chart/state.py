"""States, declared as nested classes and used as values."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar, Never

from fsm.chart.keywords import unknown_keywords
from fsm.chart.line import body_of, line_in
from fsm.errors import DefinitionError

STATES = "__states__"
"""The key under which a class body keeps its states, so that one whose name is used again is not lost."""


class Kind(StrEnum):
    """What a vertex of the chart is."""

    ATOMIC = "atomic"
    COMPOUND = "compound"
    PARALLEL = "parallel"
    FINAL = "final"
    HISTORY = "history"
    CHOICE = "choice"


def own_fields(cls: type[Vertex]) -> dict[str, tuple[type, Any, Any]]:
    """The data that a state carries while it is active: annotated names of its body and of those that it extends, each
    with the class that says so and its default."""
    found: dict[str, tuple[type, Any, Any]] = {}
    for base in reversed(cls.__mro__):
        annotations = vars(base).get("__annotations__")
        if annotations is None or base.__module__ == __name__:
            continue
        for name, annotation in annotations.items():
            if not name.startswith("_") and "ClassVar" not in str(annotation):
                found[name] = (base, annotation, getattr(cls, name, ...))
    return found


def kind_of(cls: type) -> Kind:
    """What a state class is as long as its children are not known."""
    if cls.__bases__ == (State,):
        return Kind.ATOMIC
    return next((kind for base, kind in _SPECIAL if issubclass(cls, base)), Kind.ATOMIC)


def own_children(owner: type) -> dict[str, type[Vertex]]:
    """The states nested directly in a class body, in document order."""
    if owner is object or owner.__module__ == __name__:
        return {}
    return {
        name: value
        for name, value in owner.__dict__.items()
        if name[:1] != "_" and isinstance(value, type) and issubclass(value, Vertex)
    }


def inherited_children(cls: type[Vertex]) -> dict[str, type[Vertex]]:
    """Children of the state classes that a state class extends and that its own body does not replace."""
    found: dict[str, type[Vertex]] = {}
    for base in cls.__mro__[1:-1]:
        if base.__module__ == __name__:
            continue
        for name, child in own_children(base).items():
            if name not in cls.__dict__:
                found.setdefault(name, child)
    return found


def _copy(child: type[Vertex], name: str, owner: type) -> type[Vertex]:
    body = {
        "__module__": owner.__module__,
        "__qualname__": f"{owner.__qualname__}.{name}",
        "__doc__": child.__doc__,
    }
    return type(name, (child,), body, initial=child.__initial__, tags=child.__tags__)


class Vertex:
    """Whatever an edge can point to: a state or a history pseudo-state."""

    __initial__: ClassVar[bool] = False
    __tags__: ClassVar[frozenset[str]] = frozenset()
    __where__: ClassVar[tuple[str, int]] = ("", 0)
    __wrong__: ClassVar[str] = ""

    def __new__(cls, *args: object, **keywords: object) -> Any:
        raise DefinitionError(
            cls.__qualname__, [f"{cls.__name__}(…) calls a state; use the class itself as the value, without ()"]
        )

    def __init_subclass__(cls, *, initial: bool = False, tags: Iterable[str] = (), **unknown: Never) -> None:
        super().__init_subclass__()
        frame = sys._getframe(1)
        while (file := frame.f_code.co_filename) == __file__ and frame.f_back is not None:
            frame = frame.f_back
        body = body_of(frame)
        cls.__where__ = (file, line_in(body, frame))
        if body is not None and cls.__qualname__ == f"{body['__qualname__']}.{cls.__name__}":
            body.setdefault(STATES, []).append(cls)
        words, wrong = _words(tags) if tags != () else (Vertex.__tags__, "")
        if not isinstance(initial, bool):
            wrong = wrong or f"initial={initial!r} is neither True nor False; write initial=True"
            initial = bool(initial)
        if unknown:
            wrong = wrong or unknown_keywords(unknown, ("initial", "tags"), cls.__name__)
        # to set an attribute of a class takes longer than to see that it inherits the right one
        if cls.__initial__ is not initial:
            cls.__initial__ = initial
        if cls.__tags__ is not words:
            cls.__tags__ = words
        if cls.__wrong__ != wrong:
            cls.__wrong__ = wrong
        if cls.__mro__[1].__module__ != __name__:  # it extends more than a kind of state
            for name, child in inherited_children(cls).items():
                setattr(cls, name, _copy(child, name, cls))


def _words(tags: Iterable[str]) -> tuple[frozenset[str], str]:
    """The tags of a state, and what is wrong with them."""
    fix = 'as in `class Paying(State, tags=("busy",))`'
    try:
        words = frozenset((tags,) if isinstance(tags, str) else tags)
    except TypeError:
        return frozenset(), f"tags={tags!r} is not a tuple of words, {fix}"
    if not all(isinstance(word, str) and word for word in words):
        return frozenset(), f"tags={tags!r}: every tag is a word, {fix}"
    return words, ""


class State(Vertex):
    """A state; nested states make it a composite, of which one child is active.

    >>> class Open(State, initial=True, tags=("busy",)):
    ...     '''Still changeable.'''

    Class keywords: `initial=` for the child that is entered by default, `tags=` for finding instances.
    Subclassing a state copies its children and edges under the new name.
    """


class Parallel(Vertex):
    """A state whose children, its regions, are all active at the same time."""


class Final(Vertex):
    """A state that completes its parent; at the top level it ends the machine."""


class Choice(Vertex):
    """A decision that is made on the way: entering it runs its `@choose` method, which names the state to go on to.

    It is left at once, so it is never part of a configuration that anybody sees.
    """


class History(Vertex):
    """The past of its parent: entering it restores the children that were active last, `deep=True` all levels.

    Without a recorded past it goes to its `default(History, to=…)`, else to the parent's initial state.
    """

    __deep__: ClassVar[bool] = False

    def __new__(cls, *, deep: bool = False) -> Any:
        """`History(deep=True)` is a class, to be subclassed or assigned."""
        return type("History", (History,), {"__deep__": deep, "__qualname__": "History", "__module__": cls.__module__})

    def __init_subclass__(cls, *, deep: bool | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if deep is not None:
            cls.__deep__ = deep


_SPECIAL = ((History, Kind.HISTORY), (Final, Kind.FINAL), (Parallel, Kind.PARALLEL), (Choice, Kind.CHOICE))
