"""From the tree of a document to the sketch of a machine (section 3)."""

from __future__ import annotations

from fsm.chart.chart import ALWAYS, Handler, Trigger
from fsm.chart.sketch import Sketch, StateSketch, TransitionSketch
from fsm.chart.state import Kind
from fsm.interop.scxml_block import Block
from fsm.interop.scxml_content import block
from fsm.interop.scxml_data import bind_late, declare, variables
from fsm.interop.scxml_evaluator import Place, Variables
from fsm.interop.scxml_expressions import Expressions
from fsm.interop.scxml_grammar import check
from fsm.interop.scxml_invoke import ReadChild, invoke
from fsm.interop.scxml_payload import Output
from fsm.interop.scxml_tree import Element

_KINDS = (("state", Kind.ATOMIC), ("parallel", Kind.PARALLEL), ("final", Kind.FINAL), ("history", Kind.HISTORY))


def sketch_of(root: Element, name: str, reading: Expressions, read: ReadChild) -> Sketch:
    """The sketch of a document. Raises DefinitionError with everything in it that SCXML does not know."""
    check(root, reading.problem)
    reading.finish(name)
    return _Reader(root, name, reading, read).sketch()


class _Reader:
    """Draws the sketch of one document."""

    def __init__(self, root: Element, name: str, reading: Expressions, read: ReadChild) -> None:
        self.root, self.name, self.reading, self.read = root, name, reading, read
        self.late = root.get("binding") == "late"
        self.taken = {element.get("id", "") for element in root.within()}
        self.ids: set[str] = set()
        """Of states."""
        self.sketched = Sketch(name, StateSketch(""), context=Variables, unhandled="ignore", forgiving=True)

    def sketch(self) -> Sketch:
        """The whole document."""
        sketched = self.sketched
        late = [state for state in self.root.within() if self._is_late(state)]
        top = StateSketch("", Kind.COMPOUND, where=self.root.where)
        top.children = [self._state(element, "") for element in self._states(self.root)]
        self._initial(self.root, top)
        models = [e for e in self.root.within() if e.name == "datamodel" and not any(e in state for state in late)]
        start = Block([declare(self.reading, self.root, late=late)], models, None)
        scripts = block(self.reading, self.root.all("script"), None)
        top.entry = (Handler("datamodel", start, start), *((scripts.handler(self.root),) if scripts.deeds else ()))
        sketched.root = top
        for element, state in self.reading.asked:
            if state not in self.ids:
                self.reading.problem(element, f"cond= asks for {state!r}; there is no such state")
        return sketched

    def _states(self, element: Element) -> list[Element]:
        return element.all(*(name for name, _ in _KINDS))

    def _is_late(self, element: Element) -> bool:
        return self.late and element is not self.root and bool(variables(element))

    # ---- states

    def _state(self, element: Element, parent: str) -> StateSketch:
        id = self._id(element)
        made = StateSketch(id, dict(_KINDS)[element.name], where=element.where)
        made.deep = element.get("type") == "deep"
        if made.kind is Kind.HISTORY:
            self._default(element, made, parent)
            return made
        for child in element.all("transition"):
            self._transition(child, id)
        made.children = [self._state(child, id) for child in self._states(element)]
        self._initial(element, made)
        made.entry = tuple(self._block(child, ("entry", id)) for child in element.all("onentry"))
        made.exit = tuple(self._block(child, ("exit", id)) for child in element.all("onexit"))
        if self._is_late(element):
            bound = Block([bind_late(self.reading, id, element)], element.all("datamodel"), ("entry", id))
            made.entry = (Handler("datamodel", bound, bound), *made.entry)
        for done in element.all("donedata"):
            made.output = Handler("donedata", found := Output(self.reading, done, ("entry", id)), found)
        for child in element.all("invoke"):
            made.entry = (*made.entry, *self._invoke(child, id))
        return made

    def _id(self, element: Element) -> str:
        """The id of a state; a new one where it has none."""
        given = element.get("id")
        self.ids.add(given or "")
        if given is not None:
            if len(given.split()) != 1 or given != given.strip():
                self.reading.problem(element, f"id={given!r} is not an id; write one word")
            return given
        return self._new(element.name)

    def _new(self, stem: str) -> str:
        number = 1
        while f"{stem}{number}" in self.taken:
            number += 1
        self.taken.add(f"{stem}{number}")
        return f"{stem}{number}"

    def _block(self, element: Element, place: Place) -> Handler:
        return block(self.reading, element.each(), place).handler(element)

    # ---- transitions

    def _initial(self, element: Element, made: StateSketch) -> None:
        """Where a compound state begins: its attribute, its element, or its first child."""
        inner = element.all("initial")
        made.initial = element.words("initial")
        if made.kind is Kind.PARALLEL or not (inner or "initial" in element.attrib):
            return
        if not made.children:
            self.reading.problem(element, "has an initial state but no states; take it out, or nest states")
        if "initial" in element.attrib and (inner or not made.initial):
            self.reading.problem(
                element, "initial= is empty, or stands beside <initial>; name the states in one of them"
            )
        if inner:
            way = self._only(inner[0])
            if way is not None:
                made.initial = way.words("target")
                made.initial_actions = self._actions(way, ("entry", made.id))
        if len(inner) > 1:
            self.reading.problem(inner[1], "is the second one; keep one")

    def _default(self, element: Element, made: StateSketch, parent: str) -> None:
        """Where a history leads without a past."""
        way = self._only(element)
        if way is not None:
            made.default = way.words("target")
            made.default_actions = self._actions(way, ("entry", parent))

    def _only(self, element: Element) -> Element | None:
        """The one transition of `initial` and `history`."""
        ways = element.all("transition")
        if len(ways) != 1 or not ways[0].words("target") or {"event", "cond"} & set(ways[0].attrib):
            self.reading.problem(element, "needs one <transition target='…'/> without event and cond")
            return None
        return ways[0]

    def _actions(self, element: Element, place: Place) -> tuple[Handler, ...]:
        return (self._block(element, place),) if len(element) else ()

    def _transition(self, element: Element, source: str) -> None:
        targets, events = element.words("target"), element.words("event")
        for attribute, words in (("target", targets), ("event", events)):
            if attribute in element.attrib and not words:
                self.reading.problem(element, f"{attribute}= is empty; name one, or take the attribute out")
        if not {"event", "cond", "target"} & set(element.attrib):
            self.reading.problem(element, "has neither event nor cond nor target; give it one of them")
        names = tuple(dict.fromkeys(name for word in events for name in _names(word)))
        self.sketched.transitions.append(
            TransitionSketch(
                source,
                Trigger("event", names=names) if names else Trigger("always", key=ALWAYS),
                targets,
                self.reading.guard(element),
                self._actions(element, ("transition", source)),
                reenter=element.get("type") != "internal",
                name=" ".join(events) or "always",
                where=element.where,
            )
        )

    # ---- invokes

    def _invoke(self, element: Element, state: str) -> tuple[Handler, ...]:
        """Add an invoke; what its state does on entry for it is to keep its id."""
        id = element.get("id") or self._new(f"{state}.invoke")
        name = f"{self.name}.{id}"
        self.sketched.invokes.append(invoke(self.reading, element, state, id, name, self.read))
        if "idlocation" not in element.attrib:
            return ()
        keep = self.reading.location(element, "idlocation")
        made = Block([lambda scene: keep(scene, id)], [], ("entry", state))
        return (made.handler(element),)


def _names(descriptor: str) -> tuple[str, ...]:
    """The wire names that a descriptor takes: itself and everything that continues it behind a dot (3.12.1)."""
    stem = descriptor.removesuffix("*").removesuffix(".") if descriptor.endswith(("*", ".")) else descriptor
    return (stem, f"{stem}.*") if stem else ("*", "done.*", "error.*")
