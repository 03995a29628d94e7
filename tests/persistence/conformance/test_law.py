"""How laws are tried, and what they say when they are broken."""

from __future__ import annotations

import pytest

from fsm.errors import StoreError, StoreLocked
from fsm.ports.store import Store
from persistence import MemoryStore, conformance
from persistence.conformance import LAWS, LawBroken
from persistence.conformance.law import law, read, refused, same

pytestmark = pytest.mark.anyio


def test_the_public_names_are_sorted_and_there() -> None:
    assert conformance.__all__ == sorted(conformance.__all__)
    assert all(hasattr(conformance, name) for name in conformance.__all__)


def test_the_names_of_the_laws_are_sentences_of_their_own() -> None:
    names = [each.__name__ for each in LAWS]
    assert len(set(names)) == len(names) > 50
    assert all(each.__doc__ for each in LAWS)


def test_a_broken_law_says_what_was_found_and_what_is_wanted() -> None:
    with pytest.raises(LawBroken, match="the fence: found 1, the law wants 2"):
        same(1, 2, "the fence")


async def test_a_law_gets_an_open_store_and_closes_it() -> None:
    store = MemoryStore()
    seen: list[Store] = []

    @law
    async def look(given: Store) -> None:
        seen.append(given)
        await given.find()

    await look(lambda: store)
    assert seen == [store]
    with pytest.raises(StoreError, match="not open"):
        await store.find()


async def test_a_refusal_must_come_of_the_right_kind_and_with_the_right_words() -> None:
    store = MemoryStore()
    await refused(store.find(), StoreError, saying="not open")
    with pytest.raises(LawBroken, match="the law wants 'elsewhere'"):
        await refused(store.find(), StoreError, saying="elsewhere")
    with pytest.raises(StoreError, match="not open"):
        await refused(store.find(), StoreLocked)
    await store.open(owner=True)
    with pytest.raises(LawBroken, match="nothing was refused"):
        await refused(store.find(), StoreError)
    with pytest.raises(LawBroken, match="not in the store"):
        await read(store, "nobody")
