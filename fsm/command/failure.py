"""A failure: what a command says before it ends, in one block on stderr, and the exit code that goes with it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from fsm.errors import DefinitionError, FsmError, MissingExtra, StoreUrlInvalid

FAILED = 1
"""The command was understood and did not succeed."""

MISUSED = 2
"""The command was called wrongly: nothing was tried."""


class Failure(Exception):
    """A command cannot go on: what happened, where, why, and what to do about it."""

    code = FAILED

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        self.what, self.where, self.why, self.fix = what, where, why, fix
        super().__init__(what)


class Misuse(Failure):
    """The command was called wrongly."""

    code = MISUSED


def block(what: str, where: str = "", why: str = "", fix: str = "") -> str:
    """The text of a failure.

    >>> print(block("no instance 'A-9'", where="sqlite:///orders.db", fix="fsm list"))
    error: no instance 'A-9'
    where: sqlite:///orders.db
      fix: fsm list
    """
    parts = (("error", what), ("where", where), ("why", why), ("fix", fix))
    return "\n".join(f"{name:>5}: {_indented(text)}" for name, text in parts if text)


def explain(problem: BaseException) -> tuple[str, int]:
    """The block and the exit code of anything that a command raised."""
    match problem:
        case Failure():
            return block(problem.what, problem.where, problem.why, problem.fix), problem.code
        case StoreUrlInvalid():
            return block(str(problem), "--store or FSM_STORE"), MISUSED
        case DefinitionError():
            return block(str(problem), fix="mend the lines above, then run `fsm check` again"), FAILED
        case MissingExtra():
            return block(str(problem), fix=f"pip install 'dynamic-orchestrator[{problem.extra}]'"), FAILED
        case FsmError():
            return block(str(problem), why=type(problem).__name__), FAILED
        case BaseExceptionGroup() if len(problem.exceptions) == 1:
            return explain(problem.exceptions[0])
        case _:
            what = f"{type(problem).__name__}: {problem}".rstrip(": ")
            return block(what, where_of(problem), fix="--traceback shows every line of it"), FAILED


def where_of(problem: BaseException) -> str:
    """The innermost line of code outside of the library and of installed packages, else the innermost one."""
    frames = traceback.extract_tb(problem.__traceback__)
    library = str(Path(traceback.__file__).parent)
    own = [f for f in frames if "site-packages" not in f.filename and not f.filename.startswith((library, "<"))]
    if isinstance(problem, SyntaxError) and problem.filename:
        return f"{problem.filename}:{problem.lineno}"
    found = own[-1:] or frames[-1:]
    return f"{found[0].filename}:{found[0].lineno}" if found else ""


def complain(problem: BaseException) -> int:
    """Print the block on stderr; the exit code."""
    text, code = explain(problem)
    print(text, file=sys.stderr)
    return code


def _indented(text: str) -> str:
    return text.replace("\n", "\n" + " " * 7)
