"""A sealed store keeps every law, and nobody reads its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsm.errors import StoreCorrupted
from fsm.ports.store import Accepted, CallRow, Commit, Effect, Entry, Incident, Record, Store
from fsm.ports.task import Task
from persistence import SQLStore
from persistence.aesgcm import AESGCM
from persistence.conformance import LAWS, Law
from persistence.conformance.law import create, read, turn
from persistence.sealing import SealedStore

pytestmark = pytest.mark.anyio

SECRET = "4711-cafe"


@pytest.fixture
def place(tmp_path: Path) -> Callable[[], Store]:
    codec = AESGCM({"k": b"k" * 32}, seal_with="k")
    return lambda: SealedStore(SQLStore(tmp_path / "fsm.db", synchronous="NORMAL"), codec)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_a_sealed_store_keeps_the_law(law: Law, place: Callable[[], Store]) -> None:
    await law(place)


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


async def test_nothing_that_users_have_written_can_be_read_in_the_file(
    place: Callable[[], Store], tmp_path: Path
) -> None:
    store = place()
    await store.open(owner=True)
    text = f'{{"card": "{SECRET}"}}'
    ended = Record("a", "M", "1", "d", "done", 1, "[]", text, text.encode(), output=text)
    taken = Accepted("a", "r", "go", text, key="k", state="consumed", outcome=text)
    moved = Commit(
        "a",
        seq=0,
        record=ended,
        entry=Entry("a", 1, "c", "go", text, "[]", "[]", 1.0, 0.1, f"={text}", text),
        accepted=[taken],
        effects_set=[Effect("a", "e", 1, text.encode(), text)],
        calls=[
            CallRow("a", "c", "S.m", "d", 0, text, text),
            CallRow("a", "c", "S.m", "d", 1, f'{{"error": "{SECRET}"}}'),
        ],
        started=[Record("b", "M", "1", "d", "running", 0, "[]", "{}", text.encode())],
        incident=Incident("a", "X", text, "c", "go", 1, 2.0),
        tasks=[Task("a/t.1", "a", "M", "t", 1, "S", "{}", SECRET, "ann", 1.0, outcome=text, acts=text)],
    )
    await store.commit([create("a", context=text.encode()), moved])
    await store.commit([Commit("a", progress=[Effect("a", "e", 1, b"", "", progress=text)])])
    assert ended.context == text.encode(), "what was given is as it was"
    assert (taken.n, moved.incident and moved.incident.id) == (1, 1)
    loaded = await read(store, "a")
    assert (loaded.record, loaded.effects[0].cause, loaded.effects[0].progress) == (ended, text, text)
    assert loaded.incident is not None
    assert loaded.incident.message == text
    found = await store.find_key("a", "k")
    assert found is not None
    assert (found.payload, found.outcome) == (text, text)
    assert [call.answer for call in await store.calls("a", "c")] == [text, f'{{"error": "{SECRET}"}}']
    assert [entry.payload for entry in await store.history("a", after=0)] == [text]
    assert [record.context for record in await store.find()] == [text.encode()] * 2
    assert [incident.message for incident in await store.incidents()] == [text]
    files = contents(tmp_path)
    await store.close()
    files += contents(tmp_path)
    assert len(b"".join(files)) > 10_000
    assert not [file for file in files if SECRET.encode() in file]


async def test_a_value_that_was_moved_to_another_row_is_refused(place: Callable[[], Store], tmp_path: Path) -> None:
    store = place()
    await store.open(owner=True)
    await store.commit([create("a", context=b"mine"), create("b", context=b"yours")])
    other = SQLStore(tmp_path / "fsm.db")
    await other.open(owner=False)
    stolen = (await read(other, "b")).record.context
    await other.commit([turn("a", 0, record=Record("a", "M", "1", "d", "running", 1, "[]", "{}", stolen))])
    with pytest.raises(StoreCorrupted, match=r"Record\.context of a"):
        await store.load("a")
    await other.close()
    await store.close()


async def test_a_text_that_was_never_sealed_is_told_of(place: Callable[[], Store], tmp_path: Path) -> None:
    plain = SQLStore(tmp_path / "fsm.db")
    await plain.open(owner=True)
    await plain.commit([create("a"), turn("a", 0)])
    await plain.close()
    store = place()
    await store.open(owner=True)
    with pytest.raises(StoreCorrupted, match="written without a codec"):
        await store.history("a")
    with pytest.raises(StoreCorrupted, match="written without a codec"):
        await store.load("a")
    await store.close()


async def test_moving_parts_that_were_written_before_they_were_sealed_are_read(
    place: Callable[[], Store], tmp_path: Path
) -> None:
    store = place()
    await store.open(owner=True)
    await store.commit([create("a")])
    other = SQLStore(tmp_path / "fsm.db")
    await other.open(owner=False)
    sealed = (await read(other, "a")).record
    assert "{" not in sealed.moving
    await other.commit([turn("a", 0, record=replace(sealed, seq=1, moving='{"g":3}'))])
    await other.close()
    assert (await read(store, "a")).record.moving == '{"g":3}'
    await store.close()
