"""Turns that are written as a group are written as if each were alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from fsm.ports.store import Commit, Timer, Verdict
from persistence import MemoryStore, SQLStore, open_store
from persistence.conformance.law import create, turn
from persistence.databases.groups import GROUP_MIN, plain, queued

pytestmark = pytest.mark.anyio
IDS = [f"i{number}" for number in range(8)]


def batches(seed: int) -> list[list[Commit]]:
    """Turns of some instances: right ones, stale ones, two of one instance, with and without timers."""
    chance, seqs, found = Random(seed), dict.fromkeys(IDS, 0), []
    for number in range(12):
        batch = []
        for id in chance.sample(IDS, chance.randint(1, len(IDS))):
            stale = chance.random() < 0.15 and seqs[id] > 0
            made = turn(id, seqs[id] - 1 if stale else seqs[id])
            assert made.record is not None
            made.record = replace(
                made.record, context=bytes([chance.randrange(256)]) * 5, closed=chance.choice([None, 2.5])
            )
            made.timers_set = [Timer(id, "t", number, 5.0)] if chance.random() < 0.3 else []
            batch.append(made)
            seqs[id] += not stale
            if chance.random() < 0.1 and not stale:
                batch.append(turn(id, seqs[id]))
                seqs[id] += 1
        found.append(batch)
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_a_database_and_a_store_in_memory_agree_about_every_batch(postgres: str, seed: int) -> None:
    found = []
    for store in (MemoryStore(), open_store(postgres)):
        await store.open(owner=True)
        await store.commit([create(id) for id in IDS])
        verdicts = [await store.commit(batch) for batch in batches(seed)]
        rows = [await store.load(id) for id in IDS]
        found.append((verdicts, rows, [await store.history(id) for id in IDS]))
        await store.close()
    assert found[0] == found[1]
    assert any(Verdict.LOST in verdicts for verdicts in found[0][0])


def test_only_plain_turns_of_different_instances_are_grouped() -> None:
    batch = [turn(id, 0) for id in IDS]
    assert plain(batch) == batch
    assert plain(batch[: GROUP_MIN - 1]) == []
    odd = [create("new"), turn(IDS[0], 1), Commit(IDS[1]), replace(turn("other", 0), entry=None)]
    assert [commit.instance for commit in plain([*batch, *odd])] == IDS[2:]


def test_a_text_that_cannot_be_kept_is_refused_before_anything_is_sent() -> None:
    batch = [turn(id, 0) for id in IDS]
    assert batch[0].entry is not None
    batch[0].entry.payload = "a\0b"
    with pytest.raises(ValueError, match="NUL"):
        queued(batch)


async def test_one_that_was_overtaken_costs_the_others_nothing(postgres: str) -> None:
    store = open_store(postgres)
    assert isinstance(store, SQLStore)
    await store.open(owner=True)
    await store.commit([create(id) for id in IDS])
    await store.commit([turn(IDS[3], 0)])
    verdicts = await store.commit([turn(id, 0) for id in IDS])
    assert verdicts == [Verdict.LOST if id == IDS[3] else Verdict.COMMITTED for id in IDS]
    await store.close()
