"""Programs as services: what they are given, what their ends mean, and what can be declared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from fsm import Context, Done, Failed, Final, Orchestrator, State, StateMachine, invoke
from fsm.adapters import Command, command_service
from fsm.errors import DefinitionError
from fsm.service import CurrentCall, Retry, Retryable, Terminal, call
from fsm.service.current import serving
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


class Size(BaseModel):
    width: int
    height: Decimal


class Images(Protocol):
    @call(retry=Retry(3, backoff="1ms"))
    async def measure(self, source: str, size: Size | None = None) -> Size: ...


class Words(Protocol):
    async def say(self, word: str) -> str: ...


class Silent(Protocol):
    async def do(self, count: int) -> None: ...


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", program.replace("{", "{{").replace("}", "}}"), *arguments]


def measuring(program: str, *arguments: str, retry: Sequence[int] = (75,), **more: Any) -> Any:
    return command_service(Images, {"measure": Command(python(program, *arguments), retry)}, **more)


ECHO = "import sys, json; d = json.load(sys.stdin); print(json.dumps({'width': len(sys.argv[1]), **d['size']}))"


async def test_arguments_go_into_places_and_the_rest_to_standard_input(tmp_path: Path) -> None:
    size = Size(width=1, height=Decimal("2.5"))
    answer = await measuring(ECHO.replace("'width': len(sys.argv[1]), ", ""), "{source}").measure("a", size)
    assert answer == size


async def test_no_shell_reads_the_arguments() -> None:
    words = command_service(Words, {"say": python("import sys; print(sys.argv[1:])", "<{word}>", "{{}}")})
    assert await words.say("$(id); 'a b' * \n") == repr(["<$(id); 'a b' * \n>", "{}"])


async def test_the_idempotency_key_folder_and_environment_are_known_to_the_program(tmp_path: Path) -> None:
    show = "import os; e = os.environ; print(os.getcwd(), e['COLOR'], e.get('FSM_IDEMPOTENCY_KEY'))"
    words = command_service(Words, {"say": python(show, "{word}")}, environment={"COLOR": "red"}, folder=tmp_path)
    assert await words.say("a") == f"{tmp_path} red None"
    with serving(CurrentCall("A-1/start", 1, "A-1", "words", "say")):
        assert await words.say("a") == f"{tmp_path} red A-1/start"


async def test_what_is_not_asked_for_is_not_read() -> None:
    silent = command_service(Silent, {"do": python("print('nothing that anybody reads')", "{count}")})
    assert await silent.do(-1) is None


async def test_a_program_need_not_read_what_it_is_given() -> None:
    silent = command_service(Words, {"say": python("print('done')")})
    assert await silent.say("x" * 1_000_000) == "done"


@pytest.mark.parametrize(
    ("program", "error", "text"),
    [
        ("import sys; sys.exit(75)", Retryable, "exited with 75"),
        ("import sys; sys.exit(7)", Retryable, "exited with 7"),
        ("import os; os.kill(os.getpid(), 9)", Retryable, "was ended by signal 9"),
        ("import sys; sys.exit('first\\nno such image')", Terminal, "exited with 1: no such image"),
        ("print('no JSON')", Terminal, "wrote what"),
        ("print('{}')", Terminal, "does not fit the contract's Size"),
        ("print('x' * 100_000)", Terminal, "wrote more than 50,000 bytes"),
        ("while True: print('x' * 100_000)", Terminal, "wrote more than 50,000 bytes"),
    ],
)
async def test_how_a_program_ends_says_whether_it_is_tried_again(
    program: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        await measuring(program, retry=(7, 75), output_bytes_max=50_000).measure("a")
    assert str(caught.value).startswith(f"Images.measure: {sys.executable} ")


async def test_the_end_of_what_it_complained_is_kept() -> None:
    with pytest.raises(Terminal) as caught:
        await measuring("import sys; sys.stderr.write('x' * 99_999 + 'end'); sys.exit(3)").measure("a")
    assert caught.value.data["status"] == 3
    assert len(caught.value.data["stderr"]) == 16_384
    assert caught.value.data["stderr"].endswith("xend")


async def test_a_program_that_is_not_there_is_terminal() -> None:
    with pytest.raises(Terminal, match="no-such-program cannot be run"):
        await command_service(Words, {"say": ["no-such-program"]}).say("a")


async def test_an_argument_cannot_become_an_option() -> None:
    bare = python("import sys; print(sys.argv[1:])", "{word}")
    with pytest.raises(Terminal, match=r"'--delete' would be taken for an option; put '--' before '\{word\}'"):
        await command_service(Words, {"say": bare}).say("--delete")
    assert await command_service(Words, {"say": bare}).say("-5") == "['-5']"
    guarded = [*bare[:-1], "--", "{word}"]
    assert await command_service(Words, {"say": guarded}).say("--delete") == "['--', '--delete']"
    with pytest.raises(Terminal, match="NUL"):
        await command_service(Words, {"say": bare}).say("a\0b")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("convert {source}", "is not a list of arguments"),
        ([], "is not a list of arguments"),
        (["convert", 5], "is not a list of arguments"),
        (["{source}"], "which program is run is not for an argument to say"),
        (["convert", "{sauce}"], "the command names 'sauce', which is no parameter; there are source, size"),
        (["convert", "{size}"], "size is no text that could be an argument"),
        (Command(["convert"], retry=(0, 256)), "retry= has 256; an exit status is a number from 1 to 255"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(given: Any, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        command_service(Images, {"measure": given})
    assert problem in str(caught.value)


class Note(Context):
    said: str = ""


class Measuring(StateMachine[Note]):
    images: Images

    class Looking(State, initial=True): ...

    class Seen(Final): ...

    @invoke(Looking)
    async def look(self) -> Size:
        return await self.images.measure("a")

    @look.done(to=Seen)
    def seen(self, ev: Done[Size]) -> None:
        self.ctx.said = f"{ev.data.width}"

    @look.failed(to=Seen)
    def blind(self, ev: Failed) -> None:
        self.ctx.said = ev.error.message


async def test_attempts_of_a_machine_share_their_key(tmp_path: Path) -> None:
    program = (
        "import os, sys; key = os.environ['FSM_IDEMPOTENCY_KEY']; log = open(sys.argv[1], 'a+'); log.seek(0)\n"
        "tries = log.read().splitlines().count(key) + 1; log.write(key + '\\n')\n"
        "if tries < 3: sys.exit(75)\n"
        'print(\'{"width": %d, "height": "1"}\' % tries)'
    )
    images = measuring(program, str(tmp_path / "log"))
    async with Orchestrator(MemoryStore(), [Measuring], {Images: images}) as orchestrator:
        found = await orchestrator.start(Measuring)
        await found.result(timeout=10)
        assert (await found.snapshot()).context.said == "3"
