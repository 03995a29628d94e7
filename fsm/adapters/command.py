"""Commands: an implementation of a contract whose methods are programs."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic_core import to_json

from fsm.adapters.declaration import Declared, Template, declared, key, structured, text_of, unknown
from fsm.adapters.process import OutputTooLong, Ran, run
from fsm.limits import RESPONSE_BYTES_MAX
from fsm.service import Retryable, Terminal
from fsm.service.contract import Method

TEMPORARY = (75,)
"""What sysexits.h calls EX_TEMPFAIL: try again later."""

KEY_VARIABLE = "FSM_IDEMPOTENCY_KEY"

_BUSY = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY})
"""Why a program cannot be begun now, but perhaps soon."""


@dataclass(frozen=True, slots=True)
class Command:
    """The program that a method stands for, its arguments with places for those of the method.

        Command(["convert", "-resize", "{width}x{height}", "--", "{source}", "{target}"], retry=(75, 137))

    Arguments without a place are a JSON object on its standard input. `retry` lists the exit statuses that another
    attempt may change.
    """

    argv: Sequence[str]
    retry: Sequence[int] = TEMPORARY


def command_service(
    contract: type,
    commands: Mapping[str, Command | Sequence[str]],
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    folder: str | os.PathLike[str] | None = None,
    output_bytes_max: int = RESPONSE_BYTES_MAX,
) -> CommandService:
    """Make an implementation of a contract that runs programs; no shell is involved.

    Standard output is the answer: as it is where the contract says `str`, less one newline at its end, JSON elsewhere.
    A program that a signal ended is `Retryable`; an exit status other than 0 is `Terminal` unless it is listed, with
    the end of standard error. The idempotency key is in the environment, as FSM_IDEMPOTENCY_KEY. A call that is
    cancelled or out of time ends the program and its process group; kill -9 of the worker does not, so a program may
    still run while its call is made again. Raises DefinitionError.
    """
    programs = declared(contract, commands, _read)
    return CommandService(programs, environment, folder, output_bytes_max)


@dataclass(frozen=True, slots=True)
class _Program:
    """A command, checked against its method."""

    method: Method
    argv: tuple[Template, ...]
    fed: tuple[str, ...]
    retry: frozenset[int]

    def argv_of(self, values: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for template in self.argv:
            text = template.filled(lambda name: text_of(self.method, name, values[name]))
            foreign = template.text.startswith("{") and not template.text.startswith("{{")
            if foreign and text.startswith("-") and "--" not in found and not _is_number(text):
                raise Terminal(
                    f"{self.method.full}: {text!r} would be taken for an option; put '--' before {template.text!r}"
                )
            if "\0" in text:
                raise Terminal(f"{self.method.full}: {text!r} has a NUL character, which no program can be given")
            found.append(text)
        return found


class CommandService(Declared):
    """Runs programs; made by `command_service`."""

    def __init__(
        self,
        programs: Mapping[str, _Program],
        environment: Mapping[str, str],
        folder: str | os.PathLike[str] | None,
        output_bytes_max: int,
    ) -> None:
        self._environment, self._folder, self._bytes_max = dict(environment), folder, output_bytes_max
        super().__init__(self._run, programs)

    async def _run(self, program: _Program, *args: Any, **keywords: Any) -> Any:
        full = program.method.full
        values = program.method.bound(args, keywords)
        argv, named = program.argv_of(values), key()
        fed = to_json({name: values[name] for name in program.fed}) if program.fed else None
        environment = self._environment if named is None else {**self._environment, KEY_VARIABLE: named}
        try:
            ran = await run(
                argv, fed=fed, environment=environment, folder=self._folder, output_bytes_max=self._bytes_max
            )
        except OutputTooLong as problem:
            raise Terminal(f"{full}: {argv[0]} wrote more than {self._bytes_max:,} bytes") from problem
        except OSError as problem:
            failure = Retryable if problem.errno in _BUSY else Terminal
            raise failure(f"{full}: {argv[0]} cannot be run: {problem}") from problem
        if ran.status:
            raise self._failure(program, argv[0], ran)
        return self._answer(program.method, argv[0], ran.output)

    def _failure(self, program: _Program, name: str, ran: Ran) -> Exception:
        signalled = ran.status < 0
        how = f"was ended by signal {-ran.status}" if signalled else f"exited with {ran.status}"
        last = ran.complaint.rpartition("\n")[2]
        text = f"{program.method.full}: {name} {how}" + (f": {last}" if last else "")
        failure = Retryable if signalled or ran.status in program.retry else Terminal
        return failure(text, data={"status": ran.status, "stderr": ran.complaint})

    def _answer(self, method: Method, name: str, output: bytes) -> Any:
        if method.returns in (None, type(None)):
            return None
        try:
            if method.returns is str:
                return output.decode().removesuffix("\n")
            return method.decode(output)
        except ValueError as problem:
            shown = output[:1000].decode("utf-8", "replace")
            raise Terminal(f"{method.full}: {name} wrote what {problem}", data={"output": shown}) from problem


def _read(method: Method, given: Command | Sequence[str]) -> tuple[_Program, list[str]]:
    command = given if isinstance(given, Command) else Command(given)
    if isinstance(command.argv, str) or not command.argv or not all(isinstance(a, str) for a in command.argv):
        raise ValueError(
            f"{command.argv!r} is not a list of arguments; write ['program', '{{argument}}'], no shell reads it"
        )
    argv = tuple(map(Template, command.argv))
    placed = frozenset[str]().union(*(template.names for template in argv))
    problems = unknown(method, {"the command": placed})
    if argv[0].names:
        problems.append(f"{argv[0].text!r}: which program is run is not for an argument to say; write its name")
    problems += [
        f"{n} is no text that could be an argument; leave its place out, it goes to standard input"
        for n in sorted(placed)
        if structured(method, n)
    ]
    problems += [
        f"retry= has {n!r}; an exit status is a number from 1 to 255" for n in command.retry if n not in range(1, 256)
    ]
    fed = tuple(name for name in list(method.signature.parameters)[1:] if name not in placed)
    return _Program(method, argv, fed, frozenset(command.retry)), problems


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
