"""A random walk: the machine and the oracle do the same, and after every step everything they show must be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from fsm import Event, StateMachine
from fsm.core.step import Microstep, Recorded
from fsm.errors import MicrostepsExceeded, NotAccepted, Refused, UnhandledError
from fsm.testing.rehearsal import Rehearsal
from tests.oracle.build import Data, machine_of, source_of
from tests.oracle.generator import random_spec
from tests.oracle.interpreter import Interpreter, Micro, TurnEndless, TurnFailed
from tests.oracle.spec import EVENTS, FLAGS, FUEL, KEPT, Spec

Machine = type[StateMachine[Data, Event]]
Running = Rehearsal[Data, Event, None]
Microsteps = Sequence[Microstep | Recorded]


class Difference(AssertionError):
    """The machine and the oracle do not agree; says where, and how to see it again."""


@dataclass
class Walk:
    """One chart and the steps taken through it; `counts` says what happened, so that a test can ask for variety."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.spec: Spec = random_spec(self.rng)
        self.machine: Machine
        self.machine, self.asked = machine_of(self.spec)
        self.counts["charts"] += 1

    def run(self, steps: int) -> Counter[str]:
        """Take so many steps, starting again whenever the machine has ended. Raises Difference."""
        left = steps
        while left > 0:
            self.done = []
            if not self._start():
                return self.counts
            while left > 0 and self.oracle.now.running:
                left -= 1
                if not self._step():
                    return self.counts
            left -= 1  # a machine that ends at once must not go on for ever
        return self.counts

    # ---- one step

    def _start(self) -> bool:
        self.oracle = Interpreter(self.spec)
        self.asked.clear()
        expected = self._expected(self.oracle.start)
        got = "taken"
        try:
            self.rehearsal: Running = self.machine.rehearse()
        except UnhandledError:
            got = "failed"
        except MicrostepsExceeded:
            got = "endless"
        self.done.append("rehearse()")
        self._equal("outcome of the start", got, expected or "taken")
        if got != "taken":
            self.counts[f"start {got}"] += 1
            return False
        self._same(list(self.rehearsal.trace))
        return True

    def _step(self) -> bool:
        """One step; whether the walk can go on."""
        self._nudge()
        choice = self.rng.random()
        if choice < 0.12:
            self._round_trip()
        if self.oracle.now.pending and choice < 0.5:
            return self._answer()
        if self.oracle.now.timers and choice > 0.6:
            return self._advance()
        return self._send()

    def _nudge(self) -> None:
        """New fuel, an empty log, now and then another flag: what a test may change from outside."""
        now, ctx = self.oracle.now, self.rehearsal.ctx
        now.fuel = ctx.fuel = FUEL
        now.log.clear()
        ctx.log.clear()
        self.oracle.asked.clear()
        self.oracle.endless = False
        self.asked.clear()
        if self.rng.random() < 0.4:
            flag = self.rng.choice(FLAGS)
            now.flags[flag] = ctx.flags[flag] = not now.flags[flag]
            self.done.append(f"ctx.flags[{flag!r}] = {now.flags[flag]}")

    def _send(self) -> bool:
        name = self._likely_event()
        self.done.append(f"send({name.split('.')[-1]}())")
        outcome = ""

        def act() -> None:
            nonlocal outcome
            outcome = self.oracle.send(name)

        failed = self._expected(act)
        expected = failed or ("taken" if self.spec.unhandled == "ignore" or outcome == "kept" else outcome)
        got, micro = "taken", list[Microstep | Recorded]()
        try:
            micro += self.rehearsal.send(name).microsteps
        except NotAccepted:
            got = "not accepted"
        except Refused:
            got = "refused"
        except UnhandledError:
            got = "failed"
        except MicrostepsExceeded:
            got = "endless"
        self._equal(f"outcome of {name}", got, expected)
        self.counts[f"event {failed or outcome}"] += 1
        self._same(micro)
        return True

    def _answer(self) -> bool:
        state = self.rng.choice(self.oracle.now.pending)
        good = self.rng.random() < 0.6
        self.done.append(f"{'resolve' if good else 'reject'}('work{state}', …)")
        expected = self._expected(lambda: self.oracle.answer(state, "answered" if good else "failed"))
        got, micro = "", list[Microstep | Recorded]()
        try:
            if good:
                micro += self.rehearsal.resolve(f"work{state}", 1).microsteps
            else:
                micro += self.rehearsal.reject(f"work{state}", RuntimeError("planned")).microsteps
        except UnhandledError:
            got = "failed"
        except MicrostepsExceeded:
            got = "endless"
        self._equal(f"outcome of the answer of work{state}", got, expected)
        self.counts[f"answer {got or 'taken'}"] += 1
        self._same(micro)
        return True

    def _advance(self) -> bool:
        milliseconds = self.rng.choice((100, 500, 1500, 4000))
        self.done.append(f"advance('{milliseconds}ms')")
        expected = self._expected(lambda: self.oracle.advance(milliseconds))
        got = ""
        try:
            self.rehearsal.advance(f"{milliseconds}ms")
        except UnhandledError:
            got = "failed"
        except MicrostepsExceeded:
            got = "endless"
        self._equal("outcome of the time that passed", got, expected)
        self.counts[f"advance {got or 'done'}"] += 1
        self._same(None)
        return not got

    def _round_trip(self) -> None:
        """Go on with what a snapshot keeps, as a value or as text."""
        kept = self.rehearsal.snapshot()
        text = self.rng.random() < 0.5
        self.rehearsal = self.machine.rehearse(snapshot=kept.to_json() if text else kept)
        self.done.append(f"rehearse(snapshot=…{'to_json()' if text else ''})")
        self.counts["round trips"] += 1
        self._same(None)

    # ---- helpers

    def _likely_event(self) -> str:
        """Mostly an event that some active state has an edge for."""
        wanted = sorted({e.event for e in self.spec.edges if e.source in self.oracle.now.configuration and e.event})
        name = self.rng.choice(wanted) if wanted and self.rng.random() < 0.8 else self.rng.choice(EVENTS)
        return self.rng.choice(EVENTS) if name == "*" else name

    def _expected(self, act: Callable[[], object]) -> str:
        """What the oracle says of a turn: empty when it is not undone."""
        try:
            act()
        except TurnFailed:
            return "failed"
        except TurnEndless:
            return "endless"
        return ""

    def _same(self, microsteps: Microsteps | None) -> None:
        oracle, now, rehearsal = self.oracle, self.oracle.now, self.rehearsal
        self._equal("active leaves", set(rehearsal.configuration), set(oracle.leaves))
        self._equal("active states", set(rehearsal.active), set(oracle.active))
        self._equal("legality", self.spec.illegal(rehearsal.active), "")
        self._equal("log", rehearsal.ctx.log, now.log)
        self._equal("flags", rehearsal.ctx.flags, now.flags)
        self._equal("fuel", rehearsal.ctx.fuel, now.fuel)
        if not oracle.endless:
            self._equal("guards asked", self.asked, oracle.asked)
        self._equal("done", rehearsal.done, not now.running)
        self._equal("pending invokes", list(rehearsal.pending), [f"work{s}" for s in now.pending])
        kept = rehearsal.snapshot()
        start = 1_577_836_800.0
        due = sorted((key.split("#")[1], round((when - start) * 1000)) for key, _, when in kept.timers)
        self._equal("timers", due, sorted(now.timers))
        self._equal("data of states", {i: d["n"] for i, d in kept.locals.items()}, self._data())
        self._equal("kept events", [w.event for w in kept.waiting], [KEPT] * now.waiting)
        past = {self.spec.states[h].id: oracle.ids(states) for h, states in now.history.items()}
        self._equal("histories", kept.histories, past)
        if microsteps is not None:
            got = [Micro(m.event, m.transitions, m.exited, m.entered) for m in microsteps]
            self._equal("microsteps", got, oracle.micro)
            self.counts["microsteps"] += len(got)
            self.counts["lock-steps"] += sum(1 for m in got if len(m.transitions) > 1)

    def _data(self) -> dict[str, int]:
        return {self.spec.states[s].id: n for s, n in self.oracle.now.data.items()}

    def _equal(self, what: str, got: object, expected: object) -> None:
        if got != expected:
            steps = "\n".join(f"    {step}" for step in self.done)
            raise Difference(
                f"seed {self.seed}: {what} differ\n  machine: {got}\n  oracle:  {expected}\n  steps:\n{steps}\n"
                f"  the chart:\n\n{source_of(self.spec)}"
            )
