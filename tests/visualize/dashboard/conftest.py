"""A page over a shop that runs, asked without a network; and a browser to look at a served one."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from playwright import sync_api as playwright

from fsm import Orchestrator
from fsm.machine import StateMachine
from fsm.ports.store import Store
from persistence import MemoryStore
from tests.visualize.dashboard import office as desk
from tests.visualize.dashboard import shop
from tests.visualize.dashboard.serving import browsing
from visualize.dashboard.access import Access, Person, Rules
from visualize.dashboard.catalog import Catalog, MachineClass
from visualize.dashboard.looking import Looking
from visualize.dashboard.server import application

LOCAL = Rules(local=Person("anna", "operate"))
ORIGIN = "http://127.0.0.1:8427"


@dataclass
class Page:
    """A page, whoever asks it, and what stands behind it."""

    app: FastAPI
    store: Store
    client: httpx.AsyncClient
    orchestrator: Orchestrator

    async def csrf(self) -> dict[str, str]:
        """The header that a change carries."""
        return {"x-csrf-token": (await self.client.get("/api/session")).json()["csrf"]}

    async def post(self, path: str, data: Any) -> httpx.Response:
        """A change, as our page asks for it."""
        return await self.client.post(path, json=data, headers=await self.csrf())


Opened = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture
def opened() -> Opened:
    """Opens a page over a shop in memory, with a worker that runs it."""
    return page


@cache
def _filled() -> MemoryStore:
    """A shop as it stands when all tests begin: filled once, copied for each."""
    store = MemoryStore()

    async def fill() -> None:
        await store.open(owner=True)  # it stays open while it changes hands
        await shop.fill(store)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(anyio.run, fill).result(30)
    return store


@asynccontextmanager
async def page(rules: Rules = LOCAL, *, known: bool = True, address: str = "127.0.0.1") -> AsyncIterator[Page]:
    """A page over a shop in memory."""
    async with _over(copy.deepcopy(_filled()), [shop.Order, shop.Lamp], shop.services, rules, known, address) as made:
        yield made


@asynccontextmanager
async def office(rules: Rules = LOCAL, *, known: bool = True, address: str = "127.0.0.1") -> AsyncIterator[Page]:
    """A page over an office in memory."""
    store = MemoryStore()
    await store.open(owner=True)
    await desk.fill(store)
    async with _over(store, [desk.Approval], desk.services, rules, known, address) as made:
        yield made


@asynccontextmanager
async def _over(
    store: Store, machines: list[MachineClass], services: Any, rules: Rules, known: bool, address: str
) -> AsyncIterator[Page]:
    async with Orchestrator(store, machines=machines, services=services) as orchestrator:
        catalog = Catalog(machines if known else [], lambda text: StateMachine.from_chart(text))
        app = application(Looking(store, catalog), Access(rules))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Page(app, store, client, orchestrator)
    await store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    """One browser for all tests of a module."""
    with browsing() as one:
        yield one


@pytest.fixture(name="page")
def fresh_page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    """A page in that browser that remembers nothing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    made = context.new_page()
    made.set_default_timeout(8_000)
    yield made
    context.close()
