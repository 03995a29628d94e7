"""A pipeline: 200 documents are read, 20 at once; those that could not be read are tried again with other parameters.

    python examples/12_documents.py [FOLDER]

The failures of the first pass are kept, not thrown: they are the list of the second one, at a higher resolution. Kill
it and start it with the same FOLDER again: what was read is not read again, and ledger.txt has each effect once.
"""

import sys
import tempfile
from pathlib import Path
from typing import Protocol

import anyio

from fsm import Choice, Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, choose, invoke, output
from fsm.service import Terminal, current_call
from persistence import open_store


class Scanner(Protocol):
    async def read(self, document: str, dpi: int) -> int: ...
    async def file(self, words: int, unread: list[str]) -> None: ...


class Stack(Context):
    left: list[str]
    passes: list[int] = [150, 600]
    """The resolutions that are still to be tried."""
    words: int = 0


class Pipeline(StateMachine[Stack, Event, str]):
    """Reads a stack of documents, the difficult ones twice, and files it."""

    scanner: Scanner

    class Reading(State, initial=True): ...

    class Sorted(Choice): ...

    class Filing(State): ...

    class Filed(Final): ...

    def left(self) -> list[str]:
        return self.ctx.left

    @invoke(Reading, each=left, limit=20, failures="keep")
    async def read(self, document: str) -> int:
        self.progress(self.ctx.left.index(document) / len(self.ctx.left), f"{document} at {self.ctx.passes[0]} dpi")
        return await self.scanner.read(document, self.ctx.passes[0])

    @read.done(to=Sorted)
    def sort(self, ev: Done[list[Done[int] | Failed]]) -> None:
        outcomes = list(zip(self.ctx.left, ev.data, strict=True))
        self.ctx.words += sum(outcome.data for _, outcome in outcomes if isinstance(outcome, Done))
        self.ctx.left = [document for document, outcome in outcomes if isinstance(outcome, Failed)]
        self.ctx.passes = self.ctx.passes[1:]

    @choose(Sorted)
    def go_on(self) -> type[Reading] | type[Filing]:
        return self.Reading if self.ctx.left and self.ctx.passes else self.Filing

    @invoke(Filing)
    async def file(self) -> None:
        await self.scanner.file(self.ctx.words, self.ctx.left)

    filed = file.done(to=Filed)

    @output(Filed)
    def tell(self) -> str:
        return f"{self.ctx.words} words are filed; unreadable: {', '.join(self.ctx.left)}"


class World:
    """The scanner: a page that was read under a key is not read again."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.count = folder / "ledger.txt", 0

    async def once(self, what: str) -> None:
        key = current_call().idempotency_key
        with self.ledger.open("a+") as file:
            file.seek(0)
            if f"{key} " not in file.read():
                file.write(f"{key} {what}\n")
        await anyio.sleep(0.02)  # the answer is on its way

    async def read(self, document: str, dpi: int) -> int:
        number = int(document.removeprefix("page-"))
        if dpi == 600:
            print(f"  {document} again, at {dpi} dpi", flush=True)
        if number % 100 == 0 or (number % 10 == 0 and dpi < 600):
            raise Terminal(f"{document} is blurred at {dpi} dpi")
        self.count += 1
        if self.count % 25 == 0:
            print(f"  {self.count} read", flush=True)
        await self.once(f"read {document} at {dpi} dpi")
        return number

    async def file(self, words: int, unread: list[str]) -> None:
        print(f"  file {words} words", flush=True)
        await self.once(f"file {words} words")


async def main(folder: Path) -> None:
    """Read a stack, or go on with it."""
    print(f"kept in {folder}", flush=True)
    pages = [f"page-{number}" for number in range(1, 201)]
    store = open_store(f"sqlite:///{folder}/fsm.db")
    async with Orchestrator(store, [Pipeline], {Scanner: World(folder)}) as orchestrator:
        stack = await orchestrator.start(Pipeline, Stack(left=pages), id="D-1")
        shown = 0.0
        async for progress in stack.progress("read"):
            if progress.value >= shown:
                print(f"{progress.value:.0%}: {progress.text}", flush=True)
                shown = progress.value + 0.25
        print(f"D-1: {await stack.result()}")


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
