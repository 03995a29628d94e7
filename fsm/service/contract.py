"""A contract: the methods of a service, and how their arguments and answers are written down."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from fsm.chart import annotations as notes
from fsm.chart.chart import Service
from fsm.errors import CallFailed, CallInvalid, ServiceInvalid, ServiceMissing
from fsm.service.policy import Policy, policy_of


class Method:
    """One method of a contract."""

    def __init__(self, service: str, name: str, function: Callable[..., Any], returns: Any) -> None:
        self.service, self.name = service, name
        self.full = f"{service}.{name}"
        self.function, self.signature, self.returns = function, inspect.signature(function), returns
        self.policy = policy_of(function)
        self._adapter: TypeAdapter[Any] | None = None

    def arguments(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, str]:
        """The arguments as JSON, and their digest. Raises TypeError, CallInvalid."""
        return self.written(self.bound(args, keywords))

    def bound(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, defaults included. Raises TypeError."""
        bound = self.signature.bind(None, *args, **keywords)
        bound.apply_defaults()
        return dict(list(bound.arguments.items())[1:])

    def unbound(self, values: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments by name as an implementation is called with them."""
        own = next(iter(self.signature.parameters))
        bound = inspect.BoundArguments(self.signature, OrderedDict({own: None, **values}))
        return bound.args[1:], bound.kwargs

    def written(self, values: dict[str, Any]) -> tuple[str, str]:
        """Arguments by name as JSON, and their digest. Raises CallInvalid."""
        try:
            text = to_json(values)
        except (PydanticSerializationError, ValueError) as problem:
            raise CallInvalid(
                f"{self.full}: its arguments cannot be written to the journal ({problem}); pass values that JSON"
                f" can carry"
            ) from problem
        return text.decode(), hashlib.blake2b(text, digest_size=8).hexdigest()

    def read(self, text: str) -> dict[str, Any]:
        """Arguments by name from JSON, decoded by the contract's annotations. Raises CallInvalid."""
        values = from_json(text)
        try:
            return {name: self._parameter(name, value) for name, value in values.items()}
        except (ValidationError, KeyError) as problem:
            raise CallInvalid(f"{self.full}: the arguments {text} do not fit the contract ({problem})") from problem

    def _parameter(self, name: str, value: Any) -> Any:
        parameter = self.signature.parameters[name]
        if (
            parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            or parameter.annotation is parameter.empty
        ):
            return value
        kind = notes.resolve(parameter.annotation, notes.around(self.function, {}))
        return value if kind is notes.UNKNOWN else TypeAdapter(kind).validate_json(json.dumps(value))

    def record(self, answer: Any) -> str:
        """An answer as it is recorded; one that cannot be recorded is a failure of the service."""
        try:
            text = to_json(answer).decode()
            self.decode(text)
        except (PydanticSerializationError, ValueError) as problem:
            return self.record_failure("AnswerInvalid", f"{self.full} answered {_short(answer)}: {problem}", None)
        return f'{{"ok":{text}}}'

    def record_failure(self, kind: str, message: str, data: Any) -> str:
        """A failure as it is recorded."""
        return to_json({"error": {"kind": kind, "message": message, "data": data}}, fallback=repr).decode()

    def failure_of(self, problem: BaseException) -> str:
        """An exception of an implementation as it is recorded."""
        return self.record_failure(type(problem).__name__, str(problem), getattr(problem, "data", None))

    def kept(self, recorded: str) -> str:
        """The outcome of a call that is made at most once: as a failure it is not forgotten by a retry."""
        return f'{{"once":true,{recorded[1:]}' if recorded.startswith('{"error"') else recorded

    def replay(self, recorded: str, cause: BaseException | None = None) -> Any:
        """The recorded answer, decoded by the return annotation. Raises CallFailed for a recorded failure."""
        data = from_json(recorded)
        if "error" in data:
            e = data["error"]
            raise CallFailed(self.service, self.name, e["kind"], e["message"], e["data"]) from cause
        return self.fit(data["ok"])

    def decode(self, text: str | bytes) -> Any:
        """An answer from JSON, decoded by the return annotation. Raises ValueError."""
        if self.returns in (notes.UNKNOWN, None, Any):
            return from_json(text)
        if self._adapter is None:
            self._adapter = TypeAdapter(self.returns)
        try:
            return self._adapter.validate_json(text)
        except ValidationError as problem:
            wrong = "; ".join(e["msg"] for e in problem.errors(include_url=False))
            raise ValueError(f"does not fit the contract's {notes.name_of(self.returns)}: {wrong}") from problem

    def fit(self, data: Any) -> Any:
        """An answer from JSON's own values, decoded by the return annotation. Raises ValueError."""
        return self.decode(json.dumps(data))


class Caller(Protocol):
    """Makes the calls of one machine: the journal stands behind it."""

    def ask(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], policy: Policy | None = None) -> Any:
        """Begin a call, under a policy of its own if need be; the result is awaitable."""


class Proxy:
    """Stands for a service in a handler: every method of the contract, each call journaled."""

    def __init__(self, methods: dict[str, Method], caller: Caller) -> None:
        for name, method in methods.items():
            vars(self)[name] = Asking(method, caller)


class Asking:
    """A method of a service in a handler."""

    __slots__ = ("_caller", "_method", "_policy")

    def __init__(self, method: Method, caller: Caller, policy: Policy | None = None) -> None:
        self._method, self._caller, self._policy = method, caller, policy

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._caller.ask(self._method, args, keywords, self._policy)

    def under(self, policy: Policy) -> Asking:
        """The same method under a nearer policy."""
        return Asking(self._method, self._caller, policy.over(self._policy))


class Contract:
    """A service that a machine needs."""

    def __init__(self, service: Service) -> None:
        self.name, self.type = service.name, service.contract
        self.methods = {
            name: Method(service.name, name, function, service.returns.get(name, notes.UNKNOWN))
            for name, function in notes.methods_of(service.contract).items()
        }

    @classmethod
    def alone(cls, contract: type) -> Contract:
        """A contract that no attribute of a machine asks for; it goes by its own name."""
        methods = notes.methods_of(contract).items()
        return cls(Service(contract.__name__, contract, {n: notes.return_annotation(f, {}) for n, f in methods}))

    def find(self, machine: str, services: dict[Any, Any]) -> Any:
        """The implementation among those given, by contract or by attribute name. Raises ServiceMissing, -Invalid."""
        for key in (self.type, self.name):
            if key in services:
                self.check(machine, services[key])
                return services[key]
        raise ServiceMissing(
            f"{machine}.{self.name}: no implementation of {self.type.__name__}. Pass"
            f" services={{{self.type.__name__}: …}} (or {{{self.name!r}: …}})."
        )

    def check(self, machine: str, implementation: Any) -> None:
        """Refuse an implementation that cannot be called as the contract says. Raises ServiceInvalid."""
        missing = [n for n in self.methods if not callable(getattr(implementation, n, None))]
        if missing:
            raise ServiceInvalid(
                f"{machine}.{self.name}: {type(implementation).__name__} is not a {self.type.__name__}: it has no"
                f" {', '.join(missing)}. Add {'them' if len(missing) > 1 else 'it'}, or pass another implementation."
            )
        misfits = [p for n, m in self.methods.items() if (p := _misfit(m, getattr(implementation, n)))]
        if misfits:
            raise ServiceInvalid(
                f"{machine}.{self.name}: {type(implementation).__name__} is not a {self.type.__name__}:"
                f" {'; '.join(misfits)}. Write the methods as the contract has them."
            )


def _misfit(method: Method, function: Callable[..., Any]) -> str:
    """Why an implementation cannot be called as the contract allows, or nothing; names may differ."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return f"{method.name} yields, where one answer is to be returned"
    try:
        own = inspect.signature(function)
    except (TypeError, ValueError):  # what is built in need not tell
        return ""
    given = list(method.signature.parameters.values())[1:]
    needed = [p for p in given if p.default is p.empty]
    for way in (given, needed):
        args = [p.name for p in way if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        try:
            own.bind(*args, **{p.name: None for p in way if p.kind is p.KEYWORD_ONLY})
        except TypeError as problem:
            return f"{method.name}{own} cannot stand for {method.name}({', '.join(map(str, given))}): {problem}"
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "…"
