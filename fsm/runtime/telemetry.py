"""Telemetry: turns, calls, invokes and commits as spans and metrics of OpenTelemetry, where somebody asks for it.

    Orchestrator(store, machines=[Order], telemetry=Telemetry())

The parts of an orchestrator that tell are in told.py and take the place of the plain ones; without it nothing is asked
and nothing is called. Spans and metrics carry names and numbers, never payloads, contexts or messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import WeakSet

from fsm.errors import MissingExtra
from fsm.runtime.work import Work

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider


class Queue(Protocol):
    """Where events wait: a keeper."""

    queue: deque[Work]


Queues = Iterable[Queue]
"""All of one orchestrator."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one span or metric is."""

    kind: str
    unit: str
    attributes: tuple[str, ...]


TOLD: Final[Mapping[str, Told]] = MappingProxyType(
    {
        "fsm.turn": Told("span", "", ("fsm.instance", "fsm.machine", "fsm.event", "fsm.cause", "fsm.seq")),
        "fsm.call": Told("span", "", ("fsm.instance", "fsm.machine", "fsm.service", "fsm.method", "fsm.attempt")),
        "fsm.invoke": Told("span", "", ("fsm.instance", "fsm.machine", "fsm.invoke", "fsm.generation", "fsm.attempt")),
        "fsm.commit": Told("span", "", ("fsm.commits",)),
        "fsm.turn.duration": Told("histogram", "s", ("fsm.machine",)),
        "fsm.commit.duration": Told("histogram", "s", ()),
        "fsm.commit.size": Told("histogram", "{commit}", ()),
        "fsm.timer.lag": Told("histogram", "s", ("fsm.machine",)),
        "fsm.parked": Told("counter", "{instance}", ("fsm.machine", "error.type")),
        "fsm.queue": Told("gauge", "{event}", ()),
    }
)
"""Everything that is told; docs/telemetry.md says the same."""


class Telemetry:
    """Tells OpenTelemetry what an orchestrator does; the providers are those of the process unless others are given.

    Raises MissingExtra when the extra `telemetry` is not installed.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        try:
            from opentelemetry import context, metrics, trace
        except ImportError as problem:
            raise MissingExtra("telemetry", "Telemetry needs the API of OpenTelemetry.") from problem
        self._trace, self._context = trace, context
        self._tracer = self._trace.get_tracer("fsm", tracer_provider=tracer_provider)
        self._meter = metrics.get_meter("fsm", meter_provider=meter_provider)
        self._watched = WeakSet[Queues]()
        self._meter.create_observable_gauge(
            "fsm.queue", [lambda options: [metrics.Observation(self._waiting())]], unit=TOLD["fsm.queue"].unit
        )
        made: dict[str, Callable[..., Any]] = {
            "histogram": self._meter.create_histogram,
            "counter": self._meter.create_counter,
        }
        self._instruments = {
            name: made[told.kind](name, unit=told.unit) for name, told in TOLD.items() if told.kind in made
        }

    def count(self, name: str, value: float, *values: str) -> None:
        """One more value of a histogram or a counter, with its attributes in the order of the table."""
        instrument, attributes = self._instruments[name], dict(zip(TOLD[name].attributes, values, strict=True))
        (instrument.record if TOLD[name].kind == "histogram" else instrument.add)(value, attributes)

    def begun(self, name: str, parent: Context | None, *values: str | int, at: int | None = None) -> Span:
        """A span that has begun, below another one or on its own, with its attributes in the order of the table."""
        attributes = dict(zip(TOLD[name].attributes, values, strict=False))
        span: Span = self._tracer.start_span(
            name, parent or self._context.Context(), attributes=attributes, start_time=at
        )
        return span

    def here(self) -> Context:
        """The context of whoever asks."""
        found: Context = self._context.get_current()
        return found

    @contextmanager
    def current(self, span: Span) -> Iterator[None]:
        """Make a span the current one of a task until it ends; what is raised is told by its kind alone."""
        with self._trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield
            except Exception as problem:
                self.fail(span, problem)
                raise

    def fail(self, span: Span, problem: BaseException) -> None:
        """Something went wrong; messages may hold what users wrote, so only its kind is told."""
        span.set_status(self._trace.StatusCode.ERROR)
        span.set_attribute("error.type", type(problem).__name__)

    def below(self, span: Span | None) -> Context | None:
        """The context of what happens within a span."""
        if span is None:
            return None
        context: Context = self._trace.set_span_in_context(span, self._context.Context())
        return context

    def watch(self, keepers: Queues) -> None:
        """Tell, whenever metrics are collected, how many events wait in memory, as long as there is an orchestrator."""
        self._watched.add(keepers)

    def _waiting(self) -> int:
        return sum(len(keeper.queue) for keepers in list(self._watched) for keeper in keepers)
