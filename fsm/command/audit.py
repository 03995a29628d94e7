"""`fsm audit`: what of a store cannot be right, and what nothing will ever move."""

from __future__ import annotations

from dataclasses import asdict

from fsm.command import screen
from fsm.command.failure import FAILED
from fsm.command.reading import reading
from fsm.command.target import machines_of
from fsm.runtime.auditing import audit as audited


async def audit(url: str, targets: list[str], as_json: bool) -> int:
    """The exit code: 1 when something was found."""
    machines = {machine.__chart__.name: machine for target in targets for machine in machines_of(target)}
    async with reading(url) as store:
        found = [finding async for finding in audited(store, machines)]
    if as_json:
        screen.emit([asdict(finding) for finding in found])
    elif not found:
        print("nothing was found")
    else:
        screen.table(("KIND", "INSTANCE", "WHAT"), [(f.kind, f.instance, f.message) for f in found])
    return FAILED if found else 0
