"""Laws of what outlasts a turn: timers, effects, recorded calls, incidents."""

from __future__ import annotations

from typing import Final

from fsm.ports.store import CallRow, Commit, Definition, Effect, Incident, Store, Timer, Verdict
from persistence.conformance.law import Law, create, event, law, read, same, turn

COMMITTED = Verdict.COMMITTED


@law
async def timers_are_set_moved_and_cleared_by_generation(store: Store) -> None:
    """Timers are set moved and cleared by generation."""
    await store.commit([create("a"), turn("a", 0, timers_set=[Timer("a", "t", 1, 9.0), Timer("a", "u", 1, 3.0)])])
    moved = turn("a", 1, timers_cleared=[("t", 1), ("missing", 1)], timers_set=[Timer("a", "t", 2, 7.0)])
    await store.commit([moved, turn("a", 2, timers_set=[Timer("a", "u", 1, 8.0)])])
    loaded = await read(store, "a")
    same(loaded.timers, [Timer("a", "t", 2, 7.0), Timer("a", "u", 1, 8.0)])


@law
async def what_another_stay_has_set_is_left_alone(store: Store) -> None:
    """What another stay has set is left alone."""
    effect = Effect("a", "e", 2, b"", "{}")
    await store.commit([create("a"), turn("a", 0, timers_set=[Timer("a", "t", 2, 9.0)], effects_set=[effect])])
    await store.commit([turn("a", 1, timers_cleared=[("t", 1)], effects_cleared=[("e", 1)])])
    loaded = await read(store, "a")
    same((loaded.timers, loaded.effects), ([Timer("a", "t", 2, 9.0)], [effect]))


@law
async def effects_are_set_counted_again_and_cleared(store: Store) -> None:
    """Effects are set counted again and cleared."""
    effects = [Effect("a", "e", 1, b"{}", "{}"), Effect("a", "f", 1, b"1", '{"event":"go"}')]
    await store.commit([create("a"), turn("a", 0, effects_set=effects)])
    same(await store.claim("w", ["M"], named=["a"]), ["a"])
    fence = (await read(store, "a")).record.fence
    await store.commit([turn("a", 1, fence, effects_cleared=[("e", 1)])])
    loaded = await read(store, "a")
    same(loaded.effects, [Effect("a", "f", 1, b"1", '{"event":"go"}', attempt=2)])


@law
async def the_first_answer_of_a_call_stays(store: Store) -> None:
    """The first answer of a call stays."""
    calls = [CallRow("a", "c2", "S.m", "d", 0, "1"), CallRow("a", "c1", "S.m", "d", 0, "2", "[1]", 3.0, 0.5, 2)]
    again = CallRow("a", "c2", "S.m", "d", 0, "other")
    same(await store.commit([Commit("a", calls=calls), Commit("a", calls=[again])]), [COMMITTED, COMMITTED])
    same(await store.calls("a", "c1"), [calls[1]])
    same(await store.calls_of("a"), calls)
    same(await store.calls_of("b"), [])


@law
async def the_newest_document_of_a_machine_stands(store: Store) -> None:
    """The newest document of a machine stands, with the commit that brings it and not without."""
    first, second, other = (Definition("M", v, d, 1.0) for v, d in (("1", "{}"), ("1", '{"a":1}'), ("2", "é")))
    same(await store.definition("M", "1"), None)
    begun, again = create("a"), create("a")
    begun.definitions, again.definitions = [first], [other]
    same(await store.commit([begun, again]), [COMMITTED, Verdict.LOST])
    same(await store.definition("M", "2"), None)
    later, another = create("b"), create("c")
    later.definitions, another.definitions = [second], [other]
    await store.commit([later, another])
    same(await store.definition("M", "1"), second)
    same(await store.definition("M", "2"), other)


@law
async def an_incident_is_open_until_it_is_resolved(store: Store) -> None:
    """An incident is open until it is resolved."""
    first, second = (Incident("a", "GuardFailed", m, "event:r", "go", 1, 2.0) for m in ("one", "two"))
    await store.commit([create("a"), Commit("a", incident=first), create("b")])
    await store.commit([Commit("b", incident=Incident("b", "X", "b", "c", "go", 1, 3.0))])
    loaded = await read(store, "a")
    same(loaded.incident, first)
    await store.commit([turn("a", 0, resolve="retried", incident=second)])
    same([i.message for i in await store.incidents(instance="a")], ["two"])
    closed = (await store.incidents(resolved=True, instance="a"))[0]
    same((closed.message, closed.resolution, closed.resolved), ("one", "retried", 11.0))
    same([i.instance for i in await store.incidents()], ["b", "a"])
    same(len(await store.incidents(resolved=True)), 3)


@law
async def many_are_loaded_as_each_is(store: Store) -> None:
    """Many are loaded as each is, in order of id, and unknown ones are left out."""
    await store.commit([create(i) for i in "abc"])
    rows = [event("c", "1"), event("a", "2", state="deferred"), event("c", "3"), event("b", "4", state="consumed")]
    full = turn(
        "c",
        0,
        accepted=rows,
        timers_set=[Timer("c", "t", 1, 9.0), Timer("c", "u", 1, 5.0)],
        effects_set=[Effect("c", "f", 2, b"1", "{}"), Effect("c", "e", 1, b"2", "{}")],
        calls=[CallRow("c", "c", "S.m", "d", 0, "1")],
        incident=Incident("c", "X", "m", "c", "go", 1, 2.0),
    )
    same(await store.commit([full]), [COMMITTED])
    same(await store.load_many(["c", "none", "a", "b"]), [await store.load(i) for i in "abc"])
    same(await store.load_many([]), [])
    await store.commit([Commit("none", accepted=[event("none", "r")])])
    same([loaded.record.id for loaded in await store.load_many(["none", "a"])], ["a"])


@law
async def due_timers_come_earliest_first_and_only_of_running_instances(store: Store) -> None:
    """Due timers come earliest first and only of running instances."""
    await store.commit([*(create(i, worker="w") for i in "ab"), create("c", status="parked", worker="w")])
    await store.commit([create("d", worker="other")])
    timers = [Timer("a", "x", 1, 30.0), Timer("b", "x", 1, 20.0), Timer("a", "y", 1, 40.0), Timer("c", "x", 1, 1.0)]
    await store.commit([Commit("a", timers_set=[*timers, Timer("d", "x", 1, 2.0)])])
    same(await store.next_due("w"), 20.0)
    same([t.due for t in await store.due("w", 30.0)], [20.0, 30.0])
    same([t.due for t in await store.due("w", 99.0, limit=1)], [20.0])
    same(await store.due("w", 19.0), [])
    same([t.instance for t in await store.due("other", 19.0)], ["d"])


@law
async def forgiven_failures_are_forgotten_and_answers_are_not(store: Store) -> None:
    """Forgiven failures are forgotten and answers are not."""
    failed = CallRow("a", "c", "S.m", "d", 0, '{"error": {"kind": "X"}}')
    answered = CallRow("a", "c", "S.m", "d", 1, '{"ok": 1}')
    elsewhere = CallRow("a", "other", "S.m", "d", 0, '{"error": {}}')
    await store.commit([create("a"), Commit("a", calls=[failed, answered, elsewhere])])
    await store.commit([turn("a", 0, forgiven=["c"])])
    same(await store.calls_of("a"), [answered, elsewhere])


@law
async def the_progress_of_an_open_effect_is_kept_beside_it_and_goes_with_it(store: Store) -> None:
    """The progress of an open effect is kept beside it, and goes with it."""

    def told(generation: int, progress: str) -> Commit:
        return Commit("a", fence=0, progress=[Effect("a", "e", generation, b"", "", progress=progress)])

    await store.commit([create("a"), turn("a", 0, effects_set=[Effect("a", "e", 2, b"ctx", "cause")])])
    same(await store.commit([told(2, "half"), told(1, "of another stay")]), [Verdict.COMMITTED] * 2)
    same((await read(store, "a")).effects, [Effect("a", "e", 2, b"ctx", "cause", progress="half")])
    same(await store.commit([Commit("a", fence=9, progress=told(2, "of somebody else").progress)]), [Verdict.LOST])
    same([e.progress for e in (await read(store, "a")).effects], ["half"])
    await store.commit([turn("a", 1, effects_cleared=[("e", 2)]), told(2, "late")])
    await store.commit([turn("a", 2, effects_set=[Effect("a", "e", 3, b"ctx", "cause")])])
    same([e.progress for e in (await read(store, "a")).effects], [None])


LAWS: Final[tuple[Law, ...]] = (
    timers_are_set_moved_and_cleared_by_generation,
    what_another_stay_has_set_is_left_alone,
    effects_are_set_counted_again_and_cleared,
    the_first_answer_of_a_call_stays,
    the_newest_document_of_a_machine_stands,
    an_incident_is_open_until_it_is_resolved,
    many_are_loaded_as_each_is,
    due_timers_come_earliest_first_and_only_of_running_instances,
    forgiven_failures_are_forgotten_and_answers_are_not,
    the_progress_of_an_open_effect_is_kept_beside_it_and_goes_with_it,
)
"""All of them."""
