"""Policies: what is said about the services of one machine, in contracts and at registration, as ladders."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from fsm.chart import annotations as notes
from fsm.errors import PolicyInvalid
from fsm.service.contract import Contract, Method
from fsm.service.ladder import Rung
from fsm.service.policy import Policy

Ladder = tuple[Rung, ...]


class Policies:
    """The ladders of a machine's services; `problems` says everything that is wrong with them.

    A fallback is a service of the machine, or a contract among the services that were `given`.
    """

    def __init__(
        self,
        machine: str,
        contracts: Mapping[str, Contract],
        given: Iterable[Any] = (),
        registered: Mapping[Any, Policy] | None = None,
    ) -> None:
        self._machine = machine
        self._registered = {k: p for k, p in (registered or {}).items() if isinstance(p, Policy)}  # `unknown` tells
        self._contracts = list(contracts.values())
        known = {contract.type for contract in self._contracts}
        self._others = [Contract.alone(k) for k in given if isinstance(k, type) and k not in known]
        self.called: dict[str, Contract] = {}
        """Contracts of fallbacks that are no services of the machine."""
        self.used: set[Any] = set()
        """Keys of the registered policies that say something about these services."""
        self.problems: list[str] = []
        self._ladders: dict[str, Ladder] = {}
        for contract in self._contracts:
            for method in contract.methods.values():
                self._said(method, contract)
                try:
                    self._ladders[method.full] = self._climbed(method, None)
                except PolicyInvalid as problem:
                    self.problems += problem.problems

    def ladder(self, method: Method, nearer: Policy | None = None) -> Ladder:
        """The ladder of a call; empty where nobody has said anything. Raises PolicyInvalid."""
        return self._ladders[method.full] if nearer is None else self._climbed(method, nearer)

    def _climbed(self, method: Method, nearer: Policy | None) -> Ladder:
        found = self.effective(method)
        policy = found if nearer is None else nearer.over(found)
        if policy is None:
            return ()
        rungs, problems = [Rung(method, policy)], [f"{self._name(method)}: {p}" for p in policy.problems()]
        while not problems and (fallback := self._fallback(rungs, problems)) is not None:
            rungs.append(Rung(fallback, self.effective(fallback) or Policy()))
        if problems:
            raise PolicyInvalid(self._machine, problems)
        person = next((rung.policy.escalate for rung in rungs if rung.policy.escalate), "")
        return (*rungs, Rung(method, Policy(), person)) if person else tuple(rungs)

    @property
    def escalates(self) -> bool:
        """Whether a person may have to answer a call."""
        return any(rung.person for ladder in self._ladders.values() for rung in ladder)

    def effective(self, method: Method) -> Policy | None:
        """What contract and registration say about a method."""
        contract = next(c for c in (*self._contracts, *self._others) if c.name == method.service)
        policy = method.policy
        for key in self._said(method, contract):
            policy = self._registered[key].over(policy)
        return policy

    def _said(self, method: Method, contract: Contract) -> list[Any]:
        """The keys of what was registered for a method, the nearest last."""
        keys = [k for k in (contract.type, contract.name, method.function, method.full) if k in self._registered]
        self.used.update(keys)
        return keys

    def _fallback(self, rungs: list[Rung], problems: list[str]) -> Method | None:
        method, wanted = rungs[-1].method, rungs[-1].policy.fallback
        if wanted is None:
            return None
        text = wanted if isinstance(wanted, str) else wanted.__qualname__
        where = f"{self._name(method)}: fallback={text}"
        found = self._find(wanted, method)
        if found is None:
            problems.append(
                f"{where} is no method of a service; give the machine an attribute with its contract, or"
                f" services= an implementation"
            )
        elif any(rung.method is found for rung in rungs):
            problems.append(f"{where} leads back to a method that was asked before; let the ladder end somewhere")
        elif (wrong := _mismatch(method, found)) is not None:
            problems.append(f"{where} {wrong}")
        else:
            return found
        return None

    def _find(self, wanted: Any, method: Method) -> Method | None:
        for contract in (*self._contracts, *self._others):
            for found in contract.methods.values():
                if found.full == wanted or (found.function is wanted and found is not method):
                    if contract in self._others:
                        self.called[contract.name] = contract
                    return found
        return None

    def _name(self, method: Method) -> str:
        return f"{self._machine}.{method.full}"


def unknown(registered: Mapping[Any, Policy], policies: Iterable[Policies]) -> list[str]:
    """What is wrong with registered policies that no service has asked for."""
    used = {key for one in policies for key in one.used}
    problems = []
    for key, policy in registered.items():
        text = key if isinstance(key, str) else getattr(key, "__qualname__", repr(key))
        if not isinstance(policy, Policy):
            problems.append(f"policies[{text}] is {policy!r}; write call(…)")
        elif key not in used:
            problems.append(f"policies[{text}]: no machine has such a service or method; name a contract or its method")
    return problems


def _mismatch(method: Method, fallback: Method) -> str | None:
    def shape(of: Method) -> list[tuple[str, inspect._ParameterKind]]:
        return [(p.name, p.kind) for p in list(of.signature.parameters.values())[1:]]

    if shape(method) != shape(fallback):
        return f"takes {_taken(fallback)}, not {_taken(method)}; give both methods the same parameters"
    if not notes.covers(method.returns, fallback.returns):
        return f"returns {notes.name_of(fallback.returns)}, not {notes.name_of(method.returns)}; let it return the same"
    return None


def _taken(method: Method) -> str:
    return f"({', '.join(list(method.signature.parameters)[1:])})"
