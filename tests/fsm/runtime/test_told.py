"""Turns, calls, invokes and commits, as OpenTelemetry hears of them."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fsm import Orchestrator
from fsm.errors import InstanceParked, NotAccepted, StoreLocked
from fsm.runtime.keeper import Keeper
from fsm.runtime.services import Services
from fsm.runtime.telemetry import TOLD, Telemetry
from fsm.runtime.told import ToldStore, keeper_of, services_of, store_of
from tests.fsm.runtime.desk import (
    Add,
    Alarm,
    Caller,
    Clerk,
    Clock,
    Close,
    Counter,
    Errand,
    Lower,
    Open,
    Patient,
    Place,
    PlainClerk,
    Trouble,
    Wrapped,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio


class Listener:
    """Providers that keep what they hear."""

    def __init__(self) -> None:
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.telemetry = Telemetry(self.tracers, MeterProvider([self._reader]))

    def spans(self, name: str) -> list[ReadableSpan]:
        """Spans of a name that have ended."""
        return [span for span in self._spans.get_finished_spans() if span.name == name]

    def one(self, name: str, **wanted: Any) -> ReadableSpan:
        """The only such span with these attributes."""
        found = [s for s in self.spans(name) if all(told(s)[f"fsm.{k}"] == v for k, v in wanted.items())]
        assert len(found) == 1, [told(s) for s in self.spans(name)]
        return found[0]

    def points(self, name: str) -> list[Any]:
        """What was measured under a name."""
        data = self._reader.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics] if data else []
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def is_below(span: ReadableSpan, parent: ReadableSpan) -> bool:
    assert span.context is not None
    assert parent.context is not None
    return (
        span.parent is not None
        and span.parent.span_id == parent.context.span_id
        and span.context.trace_id == parent.context.trace_id
    )


@pytest.fixture
def heard() -> Listener:
    return Listener()


async def test_a_turn_is_below_whoever_sent_its_event_and_its_calls_below_it(place: Place, heard: Listener) -> None:
    seen: list[trace.Span] = []

    class Watching(Clerk):
        async def ask(self, what: str) -> str:
            seen.append(trace.get_current_span())
            return await super().ask(what)

    tracer = heard.tracers.get_tracer("test")
    services = {"desk": Watching()}
    async with Orchestrator(place.store(), [Caller], services, telemetry=heard.telemetry) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with tracer.start_as_current_span("request"):
            await caller.send(Add())
        await caller.send(Lower())
    request, turn = heard.one("request"), heard.one("fsm.turn", event="Add")
    assert is_below(turn, request)
    assert told(turn) | {"fsm.cause": ""} == {
        "fsm.instance": "a", "fsm.machine": "Caller", "fsm.event": "Add", "fsm.cause": "", "fsm.seq": 2,
    }  # fmt: skip
    allow = heard.one("fsm.call", method="allow")
    assert told(allow) == {
        "fsm.instance": "a", "fsm.machine": "Caller", "fsm.service": "desk", "fsm.method": "allow", "fsm.attempt": 1,
    }  # fmt: skip
    assert is_below(allow, turn)
    lower = heard.one("fsm.turn", event="Lower")
    assert lower.parent is None
    asked = [span for span in heard.spans("fsm.call") if told(span)["fsm.method"] == "ask"]
    assert [is_below(span, turn) for span in asked] == [True, False, False]
    assert [is_below(span, lower) for span in asked] == [False, True, True]
    assert [span.get_span_context() for span in seen] == [span.context for span in asked]


async def test_an_invoke_is_below_the_turn_that_started_it_and_above_its_calls(place: Place, heard: Listener) -> None:
    clerk = Clerk()
    async with Orchestrator(place.store(), [Errand], {"desk": clerk}, telemetry=heard.telemetry) as orchestrator:
        errand = await orchestrator.start(Errand, id="e")
        assert await errand.result(timeout=30) == "ONETWO"
    invoke = heard.one("fsm.invoke")
    assert told(invoke) | {"fsm.generation": 0} == {
        "fsm.instance": "e", "fsm.machine": "Errand", "fsm.invoke": "run", "fsm.generation": 0, "fsm.attempt": 1,
    }  # fmt: skip
    assert is_below(invoke, heard.one("fsm.turn", event="start"))
    assert [is_below(span, invoke) for span in heard.spans("fsm.call")] == [True, True]


async def test_what_goes_wrong_is_told_by_its_kind_alone(memory: Place, heard: Listener) -> None:
    clerk = Clerk()
    clerk.fail("note 1", Trouble("the secret of Ada"))
    async with Orchestrator(
        memory.store(), [Caller, Counter], {"desk": clerk}, telemetry=heard.telemetry
    ) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked):
            await caller.send(Add())
        with pytest.raises(NotAccepted):
            await (await orchestrator.start(Counter, id="b")).send(Open())
    failed = [
        heard.one("fsm.turn", event="Add"),
        heard.one("fsm.call", method="ask"),
        heard.one("fsm.turn", event="Open"),
    ]
    assert [span.status.status_code.name for span in failed] == ["ERROR"] * 3
    assert [told(span)["error.type"] for span in failed][1:] == ["Trouble", "NotAccepted"]
    for span in heard.spans("fsm.turn") + heard.spans("fsm.call"):
        assert "secret" not in span.to_json()
    assert [(p.value, p.attributes["fsm.machine"]) for p in heard.points("fsm.parked")] == [(1, "Caller")]


async def test_an_event_that_is_kept_for_later_has_not_failed(memory: Place, heard: Listener) -> None:
    async with Orchestrator(memory.store(), [Patient], telemetry=heard.telemetry) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        await patient.send(Open(), wait="accepted")
        await patient.send(Close())
        await until(lambda: len(heard.spans("fsm.turn")) == 4)
    assert [span.status.status_code.name for span in heard.spans("fsm.turn")] == ["UNSET"] * 4


async def test_everything_in_the_table_is_told_with_its_attributes(file: Place, heard: Listener) -> None:
    clock, clerk = Clock(), PlainClerk()
    machines: list[Any] = [Alarm, Errand]
    async with Orchestrator(
        file.store(), machines, {"desk": clerk}, clock=clock, telemetry=heard.telemetry
    ) as orchestrator:
        await orchestrator.start(Errand, id="e")
        alarm = await orchestrator.start(Alarm, id="a")
        clock.advance(orchestrator, 61.0)

        async def ringing() -> bool:
            return (await alarm.snapshot()).configuration == {"Ringing"}

        await until_async(ringing)
        await until(lambda: bool(heard.spans("fsm.invoke")))
        await until(lambda: [point.value for point in heard.points("fsm.queue")] == [0])  # the answer is taken
    assert heard.points("fsm.timer.lag")[0].sum == pytest.approx(1.0)
    for name, what in TOLD.items():
        if what.kind == "span":
            found = [set(told(span)) for span in heard.spans(name)]
        else:
            found = [set(point.attributes) for point in heard.points(name)]
        if name != "fsm.parked":
            assert found, name
        assert all(attributes == set(what.attributes) for attributes in found), name
    sizes = heard.points("fsm.commit.size")[0]
    assert sizes.count == len(heard.spans("fsm.commit")) == heard.points("fsm.commit.duration")[0].count
    assert sizes.sum == sum(told(span)["fsm.commits"] for span in heard.spans("fsm.commit"))


async def test_a_commit_that_fails_is_told(memory: Place, heard: Listener) -> None:
    inner = Wrapped(memory.store())
    inner.failing.append(StoreLocked("busy"))
    store = store_of(heard.telemetry, inner)
    with pytest.raises(StoreLocked):
        await store.commit([])
    assert told(heard.one("fsm.commit")) == {"fsm.commits": 0, "error.type": "StoreLocked"}


async def test_a_refused_chance_to_write_at_once_is_not_told_twice(heard: Listener) -> None:
    class Slow:
        def commit_now(self, batch: Any) -> None:
            return None

        async def commit(self, batch: Any) -> list[Any]:
            return []

    slow: Any = Slow()
    store: Any = store_of(heard.telemetry, slow)
    assert store.commit_now([]) is None
    await store.commit([])
    assert len(heard.spans("fsm.commit")) == 1


async def test_without_telemetry_the_parts_are_the_plain_ones(memory: Place) -> None:
    store = memory.store()
    assert (keeper_of(None), services_of(None), store_of(None, store)) == (Keeper, Services, store)
    assert not hasattr(ToldStore, "commit_now")


async def test_keepers_at_rest_keep_nothing_of_spans(memory: Place, heard: Listener) -> None:
    async with Orchestrator(memory.store(), [Counter], telemetry=heard.telemetry) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(counter.send, Add())
        keeper: Any = orchestrator._fleet.keepers.warm("a")
        services: Any = orchestrator._fleet.services
        assert (keeper._senders, keeper._committing, services.turns) == ({}, {}, {})
    assert len(heard.spans("fsm.turn")) == 21
