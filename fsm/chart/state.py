"""States, declared as nested classes and used as values."""

from __future__ import annotations

import sys
from collections.abc import Iterable, MutableMapping
from enum import StrEnum
from typing import Any, ClassVar

from fsm.chart.line import line_of_frame
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
        if base in (Vertex, object) or base.__module__ == __name__:
            continue
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if not name.startswith("_") and "ClassVar" not in str(annotation):
                found[name] = (base, annotation, getattr(cls, name, ...))
    return found


def own_children(owner: type) -> dict[str, type[Vertex]]:
    """The states nested directly in a class body, in document order."""
    if owner is object or owner.__module__ == __name__:
        return {}
    return {
        name: value
        for name, value in vars(owner).items()
        if isinstance(value, type) and issubclass(value, Vertex) and not name.startswith("_")
    }


def inherited_children(cls: type[Vertex]) -> dict[str, type[Vertex]]:
    """Children of the state classes that a state class extends and that its own body does not replace."""
    found: dict[str, type[Vertex]] = {}
    for base in cls.__mro__[1:]:
        for name, child in own_children(base).items():
            if name not in vars(cls):
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

    def __init_subclass__(cls, *, initial: bool = False, tags: Iterable[str] = ()) -> None:
        super().__init_subclass__()
        frame = sys._getframe(1)
        while frame.f_code.co_filename == __file__ and frame.f_back is not None:
            frame = frame.f_back
        cls.__where__ = (frame.f_code.co_filename, line_of_frame(frame))
        body: MutableMapping[str, Any] = frame.f_locals
        if cls.__qualname__ == f"{body.get('__qualname__')}.{cls.__name__}" and "__module__" in body:
            body.setdefault(STATES, []).append(cls)
        cls.__initial__, cls.__tags__, cls.__wrong__ = bool(initial), frozenset(), ""
        if not isinstance(initial, bool):
            cls.__wrong__ = f"initial={initial!r} is neither True nor False; write initial=True"
        try:
            cls.__tags__ = frozenset((tags,) if isinstance(tags, str) else tags)
        except TypeError:
            cls.__wrong__ = f"tags={tags!r} is not a tuple of words"
        if not all(isinstance(tag, str) and tag for tag in cls.__tags__):
            cls.__tags__, cls.__wrong__ = frozenset(), f"tags={tags!r}: every tag is a word"
        if cls.__wrong__:
            cls.__wrong__ += ', as in `class Paying(State, tags=("busy",))`' if "tag" in cls.__wrong__ else ""
        for name, child in inherited_children(cls).items():
            setattr(cls, name, _copy(child, name, cls))


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
