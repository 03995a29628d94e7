"""The states that a document names: their ids, where they stand, and what a name means where it is used.

A name means what is nearest: inside of the state whose object uses it, then around it, up to the machine.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from fsm.interop.document_dialect import MachineForm, StateForm

T = TypeVar("T")
HINTS_MAX = 200
"""States among which a hint is looked for: comparing names takes time."""


class Places:
    """The tree of a document; `problems` holds what is wrong with the document so far."""

    def __init__(self, form: MachineForm) -> None:
        self.problems: list[str] = []
        self.ids: dict[str, StateForm] = {}
        self.where: dict[str, str] = {"": "document"}
        """Where each state stands in the document."""
        self.children: dict[str, list[str]] = {}
        self.name(form.name, "name")
        self._collect(form.states, form.parallel, "", "", ("states", "parallel"))

    def wrong(self, path: str, text: str) -> None:
        """Report a mistake."""
        self.problems.append(f"{path}: {text}")

    def found(self, look: Callable[[], T], path: str) -> T | None:
        """What a look-up gives; None, and reported, when it raises ValueError."""
        try:
            return look()
        except ValueError as problem:
            self.wrong(path, str(problem))
            return None

    def _collect(
        self,
        children: list[StateForm] | None,
        regions: list[StateForm] | None,
        above: str,
        path: str,
        keys: tuple[str, str],
    ) -> None:
        if children is not None and regions is not None:
            self.wrong(path or "document", f"has {keys[0]} and {keys[1]}; a state has one of them")
        for key, several in zip(keys, (children, regions), strict=True):
            for n, form in enumerate(several or ()):
                place = f"{path}.{key}[{n}]".lstrip(".")
                if not self.name(form.name, f"{place}.name", dots=False):
                    continue
                id = f"{above}.{form.name}" if above else form.name
                if id in self.ids:
                    self.wrong(f"{place}.name", f"there are two states {id!r}; give one of them another name")
                    continue
                self.ids[id], self.where[id] = form, place
                self.children.setdefault(above, []).append(id)
                self._collect(form.children, form.parallel, id, place, ("children", "parallel"))

    def within(self, above: str) -> Iterator[tuple[str, StateForm]]:
        """The states directly inside of one."""
        return ((id, self.ids[id]) for id in self.children.get(above, ()))

    def name(self, name: str, path: str, *, dots: bool = True) -> bool:
        """Whether something can have a name; reported where it cannot."""
        taken = name in ("*", "=") or (not dots and "." in name)
        if taken or not name.isprintable() or name != name.strip() or not 0 < len(name) <= 100:
            self.wrong(path, f"{name!r} cannot be a name; use 1 to 100 letters, digits, - and _")
            return False
        return True

    def find(self, name: str, scope: str) -> str | None:
        """The id of the state that a name means inside of a state."""
        while True:
            id = f"{scope}.{name}" if scope else name
            if id in self.ids:
                return id
            if not scope:
                return None
            scope = scope.rpartition(".")[0]

    def finder(self, scope: str) -> Callable[[str], str | None]:
        """`find` for one place."""
        return lambda name: self.find(name, scope)

    def states(self, names: list[str], scope: str, path: str) -> tuple[str, ...]:
        """The ids that some names mean; what means nothing is reported."""
        found = []
        for name in names:
            id = self.find(name, scope)
            if id is None:
                known = list(islice(self.ids, HINTS_MAX))
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known[:20]) or 'none'}"
                self.wrong(path, f"no state {name!r}; {hint}")
            else:
                found.append(id)
        return tuple(found)
