"""The half of a store that workers share: what the port asks is what our stores offer, word for word."""

from __future__ import annotations

import inspect

import pytest

from fsm.ports.sharing import Sharing, Worker
from persistence import MemoryStore, SQLStore

ASKED = [name for name, value in vars(Sharing).items() if inspect.iscoroutinefunction(value)]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("store", [MemoryStore, SQLStore])
def test_a_store_offers_what_workers_ask(store: type, name: str) -> None:
    asked, offered = (inspect.signature(getattr(kind, name)) for kind in (Sharing, store))
    assert offered == asked


def test_a_worker_is_alive_within_its_lease() -> None:
    worker = Worker("w", beat=100.0, lease=10.0)
    assert worker.is_alive(110.0)
    assert not worker.is_alive(111.0)


def test_a_worker_is_a_value() -> None:
    assert Worker("w", 1.0, 10.0) == Worker("w", 1.0, 10.0, claims=0)
    assert len(ASKED) >= 8
