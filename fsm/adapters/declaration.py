"""Declarations: what stands in place of code for each method of a contract, and what is wrong with it."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import string
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from fsm.chart import annotations as notes
from fsm.errors import DefinitionError
from fsm.limits import KEY_CHARS_MAX
from fsm.service import Terminal, current_call
from fsm.service.contract import Contract, Method

D = TypeVar("D")
R = TypeVar("R")


class Template:
    """Text with places for arguments.

    >>> Template("/orders/{id}/lines").filled({"id": "a b"}.__getitem__)
    '/orders/a b/lines'

    Doubled braces are braces. Raises ValueError for a place that is no name.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[tuple[str, str | None]] = []
        for literal, name, form, conversion in string.Formatter().parse(text):
            if name is not None and (not name.isidentifier() or form or conversion):
                raise ValueError(f"{text!r} has a place that is no name; write {{argument}}, and braces doubled")
            self._parts.append((literal, name))
        self.names = frozenset(name for _, name in self._parts if name is not None)
        """The arguments that it has places for."""

    def filled(self, write: Callable[[str], str]) -> str:
        """The text, with what is written for each argument."""
        return "".join(literal + (write(name) if name is not None else "") for literal, name in self._parts)


class Declaration(Protocol):
    """What stands in place of code for one method."""

    @property
    def method(self) -> Method:
        """The method of the contract."""
        ...


class Declared:
    """Stands for a contract: a coroutine function for each declaration, with the parameters of its method."""

    def __init__(self, ask: Callable[..., Awaitable[Any]], declarations: Mapping[str, Declaration]) -> None:
        for name, declaration in declarations.items():
            made = vars(self)[name] = partial(ask, declaration)
            signature = declaration.method.signature
            vars(made)["__signature__"] = signature.replace(parameters=list(signature.parameters.values())[1:])

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]: ...


def declared(
    contract: type,
    given: Mapping[str, D],
    read: Callable[[Method, D], tuple[R, Sequence[str]]],
    more: Sequence[str] = (),
) -> dict[str, R]:
    """What is read from the declaration of each method. Raises DefinitionError with everything that is wrong."""
    problems, found = list(more), {}
    methods = Contract.alone(contract).methods
    if not methods:
        problems.append(f"{contract.__name__} has no methods; give a Protocol that has some")
    for name in given:
        if name not in methods:
            problems.append(f"{name}: the contract has no such method; it has {', '.join(methods)}")
    for name, method in methods.items():
        kinds = {p.kind for p in method.signature.parameters.values()}
        if name not in given:
            problems.append(f"{name}: nothing is declared for it; add it, or split the contract")
        elif kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            problems.append(f"{name}: * and ** take arguments without names; write each parameter")
        else:
            try:
                found[name], wrong = read(method, given[name])
            except ValueError as problem:
                wrong = [str(problem)]
            problems += [f"{name}: {text}" for text in wrong]
    if problems:
        raise DefinitionError(contract.__name__, problems)
    return found


def unknown(method: Method, named: Mapping[str, Iterable[str]]) -> list[str]:
    """Problems with arguments that a declaration names, by where it names them."""
    own = list(method.signature.parameters)[1:]
    return [
        f"{where} names {name!r}, which is no parameter; there {'is' if len(own) == 1 else 'are'}"
        f" {', '.join(own) or 'none'}"
        for where, names in named.items()
        for name in sorted(names)
        if name not in own
    ]


def structured(method: Method, name: str) -> bool:
    """Whether a parameter is annotated with something that cannot be written as one text."""
    parameter = method.signature.parameters.get(name)
    if parameter is None or parameter.annotation is parameter.empty:
        return False
    kinds = notes.members(notes.resolve(parameter.annotation, notes.around(method.function, {})))
    return any(_is_structure(get_origin(kind) or kind) for kind in kinds)


def _is_structure(kind: Any) -> bool:
    return isinstance(kind, type) and (
        issubclass(kind, (BaseModel, list, tuple, set, frozenset, dict)) or dataclasses.is_dataclass(kind)
    )


def text_of(method: Method, name: str, value: Any) -> str:
    """An argument as one text. Raises Terminal for what cannot be one."""
    try:
        plain = to_jsonable_python(value)
    except PydanticSerializationError:
        plain = None
    match plain:
        case bool():
            return "true" if plain else "false"
        case str() | int() | float():
            return str(plain)
        case _:
            raise Terminal(f"{method.full}: {name}={value!r} cannot be written as text; pass text, a number or a date")


def key() -> str | None:
    """The idempotency key of the call being served, as any header can carry it; None where no machine calls."""
    try:
        full = current_call().idempotency_key
    except LookupError:
        return None
    if full.isascii() and len(full) <= KEY_CHARS_MAX:
        return full
    return hashlib.blake2b(full.encode(), digest_size=32).hexdigest()
