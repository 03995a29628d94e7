"""Looking: what the store knows of all instances and of one, in the words of the API."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio

from fsm.core.undo import deeds_of
from fsm.errors import FsmError, InstanceUnknown, MachineUnknown
from fsm.ports.store import Accepted, Effect, Incident, Loaded, Status, Store
from persistence.overview import Group, Search, groups, search
from visualize.blame import blamed
from visualize.dashboard import api
from visualize.dashboard.catalog import Catalog, Known
from visualize.dashboard.mask import without

EACH = "each:"
"""How the outcome of an item is called among the calls of its invoke."""


class Looking:
    """Answers what is asked of a store."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        """A view of an open store."""
        self.store, self.catalog = store, catalog

    async def overview(self) -> api.Overview:
        """All machines, those without instances included."""
        by_machine: dict[str, list[Group]] = defaultdict(list)
        for group in await groups(self.store):
            by_machine[group.machine].append(group)
        given = {known.chart.name: known for known in self.catalog.given()}
        counted = [_count(name, given.get(name), by_machine[name]) for name in sorted({*by_machine, *given})]
        return api.Overview(machines=counted, incidents=len(await self.store.incidents()))

    async def chart(self, name: str) -> api.MachineChart:
        """The diagram of a machine. Raises MachineUnknown, MissingExtra, DrawingError."""
        known = await self._known_by_name(name)
        chart = known.chart
        svg = await anyio.to_thread.run_sync(lambda: known.svg)  # a layout takes long: whoever else is here goes on
        return api.MachineChart(
            name=chart.name,
            version=chart.version,
            doc=chart.doc,
            svg=svg,
            states=[node.id for node in chart.nodes[1:]],
            tags={tag: list(states) for tag, states in known.tags.items()},
        )

    async def draw_ahead(self) -> None:
        """Lay out the diagrams of the machines that were given, before anybody waits for one."""
        for known in self.catalog.given():
            with suppress(FsmError):  # whoever asks for it is told
                await anyio.to_thread.run_sync(getattr, known, "svg", abandon_on_cancel=True)

    async def _known_by_name(self, name: str) -> Known:
        newest = await search(self.store, Search(machine=name, limit=1))
        known = await self.catalog.find(self.store, name, newest[0].version if newest else "")
        if known is None:
            raise MachineUnknown(
                f"The class of machine {name!r} is not known here; name it when the page is started:"
                f" fsm serve MODULE:{name} --no-work"
            )
        return known

    async def page(self, wanted: Search, tag: str) -> api.Page:
        """The instances that are looked for; a tag stands for the states that have it."""
        if tag:
            tagged = {s for known in self.catalog.given() for s in known.tags.get(tag, ())}
            states = [s for s in tagged if not wanted.states or any(_inside(s, outer) for outer in wanted.states)]
            if not states:
                return api.Page(instances=[], after=None)
            wanted = replace(wanted, states=sorted(states))
        found = await search(self.store, replace(wanted, limit=wanted.limit + 1))
        shown = [summary(line) for line in found[: wanted.limit]]
        return api.Page(instances=shown, after=shown[-1].id if len(found) > wanted.limit else None)

    async def loaded(self, id: str) -> Loaded:
        """One instance with all that waits for it. Raises InstanceUnknown."""
        loaded = await self.store.load(id)
        if loaded is None:
            raise InstanceUnknown(f"There is no instance {id!r}; the list names those that exist.", instance=id)
        return loaded

    async def known(self, loaded: Loaded) -> Known | None:
        """The machine of an instance, where it is known."""
        return await self.catalog.find(self.store, loaded.record.machine, loaded.record.version)

    async def standing(self, id: str) -> api.Standing:
        """An instance as it is now. Raises InstanceUnknown."""
        loaded = await self.loaded(id)
        record, known = loaded.record, await self.known(loaded)
        ended = Status(record.status).ended
        shown = known.disclosure if known is not None else None
        leaves = json.loads(record.config)
        names = known.accepted(leaves) if known is not None and not ended else []
        return api.Standing(
            summary=summary(record),
            known=known is not None,
            context=shown.context(json.loads(record.context)) if shown else None,
            output=shown.output(json.loads(record.output)) if shown and record.output else None,
            accepts=[api.Form(event=name, form=shown.event_schema(name) if shown else None) for name in names],
            verbs=verbs(record.status),
            waiting=await self._waiting(loaded, known),
            undoable=[
                api.Undoable(name=deed.name, state=deed.state, taken=deed.taken)
                for deed in deeds_of(json.loads(record.moving or "{}").get("u", ()))
            ],
            incident=trouble(loaded.incident, shown.secrets(loaded) if shown else ()) if loaded.incident else None,
            failed=_failed(loaded, known),
        )

    async def incidents(self, *, resolved: bool, id: str | None, limit: int) -> list[api.Trouble]:
        """Why instances are parked, the latest first."""
        found = await self.store.incidents(resolved=resolved, instance=id)
        latest = found[: -limit - 1 : -1]
        secrets = {
            loaded.record.id: known.disclosure.secrets(loaded)
            for loaded in await self.store.load_many(sorted({incident.instance for incident in latest}))
            if (known := await self.known(loaded)) is not None
        }
        return [trouble(incident, secrets.get(incident.instance, ())) for incident in latest]

    async def _waiting(self, loaded: Loaded, known: Known | None) -> list[api.Waiting]:
        """What the instance waits for, the next first; a deferred event waits for another state."""
        found = [
            api.Waiting(kind="timer", name=t.key, state="set", at=t.due, attempt=1, payload=None) for t in loaded.timers
        ]
        for e in loaded.effects:
            progress = await self._progress(e)
            found.append(
                api.Waiting(
                    kind="invoke",
                    name=e.key,
                    state="working",
                    at=None,
                    attempt=e.attempt,
                    payload=None,
                    progress=progress,
                )
            )
        found += [_in_inbox(row, known) for row in loaded.inbox]
        return sorted(found, key=lambda w: w.at or 0.0)

    async def _progress(self, effect: Effect) -> api.Progress | None:
        """How far an invoke is, where it told so or has items that end one by one."""
        told = json.loads(effect.progress) if effect.progress else {}
        items = json.loads(effect.cause).get("items")
        if not told and items is None:
            return None
        made = api.Progress(value=told.get("value"), text=told.get("text", ""))
        if items is not None:
            made.items = len(json.loads(items))
            rows = await self.store.calls(effect.instance, f"invoke:{effect.key}#{effect.generation}")
            ended = [row for row in rows if row.method.startswith(EACH)]
            made.failed = sum(row.answer.startswith('{"error"') for row in ended)
            made.done = len(ended) - made.failed
        return made

    async def workers(self) -> list[api.WorkerLine]:
        """Who runs instances."""
        now = await self.store.now()
        return [
            api.WorkerLine(id=w.id, claims=w.claims, silent=max(now - w.beat, 0), lease=w.lease, alive=w.is_alive(now))
            for w in await self.store.workers()
        ]


def verbs(status: str) -> list[api.Verb]:
    """What an operator may do with an instance of this status.

    >>> verbs("parked")
    ['retry', 'skip', 'resolve', 'cancel', 'terminate']
    """
    match Status(status):
        case Status.RUNNING:
            return ["pause", "cancel", "terminate"]
        case Status.PAUSED:
            return ["resume", "cancel", "terminate"]
        case Status.PARKED:
            return ["retry", "skip", "resolve", "cancel", "terminate"]
        case _:
            return []


def summary(line: Any) -> api.Summary:
    """A record, or a line of a search, as the API lists it."""
    return api.Summary(
        id=line.id,
        machine=line.machine,
        version=line.version,
        status=line.status,
        seq=line.seq,
        configuration=json.loads(line.config),
        parent=line.parent,
        created=line.created,
        closed=line.closed,
    )


def trouble(incident: Incident, secrets: Iterable[str]) -> api.Trouble:
    """An incident as the API shows it, without what is secret."""
    made = api.Trouble.model_validate(incident, from_attributes=True)
    made.message = without(made.message, secrets)
    return made


def _count(name: str, known: Known | None, found: list[Group]) -> api.MachineCount:
    statuses: Counter[str] = Counter()
    here: Counter[str] = Counter()
    for group in found:
        statuses[group.status] += group.instances
        if not Status(group.status).ended:
            here.update(dict.fromkeys(group.configuration, group.instances))
    chart = known.chart if known is not None else None
    return api.MachineCount(
        name=name,
        version=chart.version if chart else "",
        doc=chart.doc.partition("\n")[0] if chart else "",
        known=known is not None,
        statuses=dict(statuses),
        here=dict(here),
        turns=sum(group.turns for group in found),
    )


def _failed(loaded: Loaded, known: Known | None) -> list[str]:
    """The active states that an instance has failed in; all of them where nobody knows better."""
    if loaded.record.status not in (Status.PARKED, Status.FAILED):
        return []
    leaves: list[str] = json.loads(loaded.record.config)
    event = loaded.incident.event if loaded.incident else ""
    blame = blamed(known.chart, leaves, event) if known is not None else leaves
    return [leaf for leaf in leaves if leaf in blame]


def _inside(state: str, outer: str) -> bool:
    return state == outer or state.startswith(f"{outer}.")


def _in_inbox(row: Accepted, known: Known | None) -> api.Waiting:
    payload = known.disclosure.payload(row.name, json.loads(row.payload)) if known else None
    kind: Any = row.lane if row.lane in ("event", "control", "result") else "event"
    return api.Waiting(kind=kind, name=row.name, state=row.state, at=row.not_before or None, attempt=1, payload=payload)
