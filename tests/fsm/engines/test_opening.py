"""The URL chooses the engine."""

from __future__ import annotations

import pytest

from fsm.engines import Engine, Health, open_engine
from fsm.engines.embedded import Embedded
from fsm.errors import StoreUrlInvalid
from tests.engines.shop import Courier


def test_stores_are_run_by_this_process() -> None:
    engine: Engine = open_engine("memory://", [Courier])
    assert isinstance(engine, Embedded)


def test_a_url_that_nothing_speaks_is_refused() -> None:
    with pytest.raises(StoreUrlInvalid, match="scheme"):
        open_engine("orders.db")


def test_what_waits_for_somebody_is_not_healthy() -> None:
    assert Health("embedded").healthy
    assert not Health("embedded", parked=("A",)).healthy
