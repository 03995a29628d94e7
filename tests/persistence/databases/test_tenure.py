"""The exclusive right to run the instances of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fsm.errors import StoreInUse
from persistence.databases import tenure
from persistence.databases.postgres_link import PostgresDatabase, PostgresLink
from persistence.databases.tenure import Tenure


@pytest.fixture
def link(postgres: str) -> Iterator[PostgresLink]:
    made = PostgresDatabase.at(postgres).open(owner=False, later=lambda function: None)
    yield made
    made.close()


def test_a_second_one_is_told_and_may_when_the_first_has_gone(link: PostgresLink) -> None:
    first = Tenure(link, "here")
    with pytest.raises(StoreInUse, match="in use"):
        Tenure(link, "here")
    first.release()
    Tenure(link, "here").release()
    assert link.connection().execute("SELECT count(*) FROM fsm.worker").fetchone() == (0,)


def test_a_silent_owner_is_succeeded_and_told_when_it_wakes(
    link: PostgresLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "LEASE_SECONDS", -1.0)
    monkeypatch.setattr(tenure, "BEAT_SECONDS", 0.0)
    first = Tenure(link, "here")
    second = Tenure(link, "here")
    with pytest.raises(StoreInUse, match="another one runs"):
        first.keep()
    second.keep()
    first.release()
    second.keep()


def test_it_beats_no_more_often_than_it_must(link: PostgresLink) -> None:
    first = Tenure(link, "here")
    before = link.connection().execute("SELECT beat FROM fsm.worker").fetchone()
    first.keep()
    assert link.connection().execute("SELECT beat FROM fsm.worker").fetchone() == before
