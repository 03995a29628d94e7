"""The implementations that an orchestrator was given, the policies of their calls, and the gates before them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from fsm.chart.machine import Machine
from fsm.errors import PolicyInvalid, ServiceMissing
from fsm.limits import CALL_SECONDS_MAX
from fsm.runtime.calling import Asked, Calling, Late, Outcome
from fsm.runtime.gate import Gate
from fsm.runtime.waits import Waits
from fsm.service.contract import Contract, Method
from fsm.service.current import CurrentCall
from fsm.service.policies import Ladder, Policies, unknown
from fsm.service.policy import Policy


class Services:
    """Every service of every machine, found and checked at start.

    Raises ServiceMissing, ServiceInvalid, and PolicyInvalid with all that is wrong with the policies.
    """

    def __init__(
        self,
        machines: list[type[Machine[Any, Any, Any]]],
        given: Mapping[Any, Any],
        policies: Mapping[Any, Policy] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.contracts: dict[str, dict[str, Contract]] = {}
        self.waits = Waits(clock)
        self._found: dict[tuple[str, str], Any] = {}
        self._policies: dict[str, Policies] = {}
        self._gates: dict[tuple[int, str], Gate] = {}
        self._calling = Calling()
        self._entered = AsyncExitStack()
        self._given, self._registered = dict(given), dict(policies or {})
        problems = [p for machine in machines for p in self._take_in(machine)]
        problems += unknown(self._registered, self._policies.values())
        if problems:
            raise PolicyInvalid("The policies of this orchestrator", problems)

    async def enter(self) -> None:
        """Enter each implementation that is an asynchronous context manager, once, in the order given."""
        for implementation in {id(given): given for given in self._given.values()}.values():
            if isinstance(implementation, AbstractAsyncContextManager):
                await self._entered.enter_async_context(implementation)

    async def leave(self) -> None:
        """Leave what was entered, the last one first."""
        await self._entered.aclose()

    def add(self, machine: type[Machine[Any, Any, Any]]) -> None:
        """Find and check the services of one more machine."""
        problems = self._take_in(machine)
        if problems:
            raise PolicyInvalid(machine.__chart__.name, problems)

    def _take_in(self, machine: type[Machine[Any, Any, Any]]) -> list[str]:
        name = machine.__chart__.name
        contracts = {s.name: Contract(s) for s in machine.__chart__.services}
        policies = Policies(name, contracts, self._given, self._registered)
        found = [(c, c.find(name, self._given)) for c in (*contracts.values(), *policies.called.values())]
        for contract, implementation in found:
            self._found[name, contract.name] = implementation
            for method in contract.methods.values():
                place = (id(implementation), method.name)
                if place not in self._gates:
                    self._gates[place] = Gate(self.waits, policies.effective(method))
        self.contracts.setdefault(name, {}).update(contracts)
        self._policies[name] = policies
        return policies.problems

    def ladder(self, machine: str, method: Method, nearer: Policy | None) -> Ladder:
        """How a call is tried; empty where nobody has said anything about it. Raises PolicyInvalid."""
        return self._policies[machine].ladder(method, nearer)

    def escalates(self, machine: str) -> bool:
        """Whether a person may have to answer a call of a machine."""
        return self._policies[machine].escalates

    def gate(self, machine: str, method: Method) -> Gate:
        """Where calls of a method have to pass; machines that share an implementation share its gates."""
        return self._gates[id(self._found[machine, method.service]), method.name]

    async def call(
        self,
        machine: str,
        method: Method,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        current: CurrentCall,
        late: Late,
        policy: Policy | None = None,
    ) -> Outcome:
        """Make one attempt; what is answered when nobody waits for it any more goes to `late`."""
        function = getattr(self._found[machine, method.service], method.name)
        asked = Asked(function, method, args, keywords, current, late)
        if policy is None:
            return await self._calling.call(asked, CALL_SECONDS_MAX)
        seconds = policy.timeout or (CALL_SECONDS_MAX if policy.heartbeat is None else None)
        return await self._calling.call(asked, seconds, policy.heartbeat)

    def tend(self) -> None:
        """Hand on what abandoned threads have answered, and wake calls whose time has come; called now and then."""
        self._calling.hand_in_late()
        self.waits.look()

    def pause(self, service: type | str, *, paused: bool) -> None:
        """Let no call of a service begin, or all of them again. Raises ServiceMissing."""
        found = [
            (machine, contract)
            for machine, contracts in self.contracts.items()
            for contract in (*contracts.values(), *self._policies[machine].called.values())
            if service in (contract.type, contract.name)
        ]
        if not found:
            text = service if isinstance(service, str) else service.__name__
            raise ServiceMissing(f"{text}: no machine of this orchestrator has such a service; name a contract of one")
        for machine, contract in found:
            for method in contract.methods.values():
                self.gate(machine, method).pause(paused)
