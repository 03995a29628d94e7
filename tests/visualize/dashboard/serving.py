"""A page as people have it: `fsm serve --dashboard` in a process of its own, looked at with a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
from playwright.sync_api import Browser, sync_playwright

from persistence import open_store
from tests import chromium
from tests.visualize.dashboard import shop

SAID = re.compile(r"the page is at (http://\S+)/")


@dataclass
class Served:
    """A page that is served, and the file that mends the bank."""

    address: str
    store: str
    mended: Path
    process: subprocess.Popen[str]


def apart(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    """Run something asynchronous in a thread of its own, for the browser's driver has a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(anyio.run, work, *arguments).result()


@contextmanager
def serving(folder: Path, *options: str, program: ModuleType = shop, **sizes: int) -> Iterator[Served]:
    """Fill a store, then serve it until the block ends; it has to stop by itself when it is told to."""
    file = Path(str(program.__file__))
    url, mended = f"sqlite:///{folder}/shop.db?synchronous=NORMAL", folder / "mended"
    apart(lambda: program.fill(open_store(url), **sizes))
    words = [f"{file}", "--services", f"{file}:services", "--store", url, "--dashboard", "--port", "0", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "fsm", "serve", *words],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"BANK_MENDED": str(mended)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = SAID.search(process.stdout.readline())
        assert said, f"fsm serve ended with {process.wait(5)}"
        yield Served(said.group(1), url, mended, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout.read().endswith("stopped\n")
    finally:
        process.kill()
        process.wait()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium without a window. Fails where there is none: `make test` gets one."""
    path = chromium.found()
    assert path is not None, "there is no Chromium: python -m tests.chromium gets one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()
