"""The exclusive right to run the instances of a PostgreSQL database: a row that beats.

A lock of the session would do, but it would forbid poolers. So the owner writes now and then that it is there, and
when it has been silent for longer than its lease somebody else may be. Should it wake up again, the compare-and-set of
every commit keeps the two apart: the lease only saves work.
"""

from __future__ import annotations

import uuid
from time import monotonic
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from fsm.errors import StoreInUse
from persistence import claims, rows
from persistence.databases.link import Link
from persistence.statements import Statement
from persistence.words import Now

LEASE_SECONDS: Final = 5.0
"""How long an owner may be silent."""

BEAT_SECONDS: Final = 1.0
"""How often it beats, at most."""

_META: Final = rows.table(rows.Meta)
_WORKER: Final = rows.table(rows.Worker)
_OWNER: Final = _META.c.name == "owner"
_MINE: Final = (_OWNER, _META.c.value == bindparam("claimant"))

# The row is there before it is locked: two who come at once are put in order.
_MAKE: Final = Statement(insert(_META).values(name="owner", value="").on_conflict_do_nothing())
_LOCK: Final = Statement(select(_META.c.value).where(_OWNER).with_for_update())
_ALIVE: Final[Any] = Statement(
    select(_WORKER.c.id).where(_WORKER.c.id == bindparam("holder"), _WORKER.c.beat + _WORKER.c.lease >= Now())
)
_TAKE: Final = Statement(update(_META).values(value=bindparam("claimant")).where(_OWNER))
_STRIKE: Final = Statement(delete(_WORKER).where(_WORKER.c.id == bindparam("holder")))
_GIVE: Final = Statement(delete(_META).where(*_MINE))
_HELD: Final = Statement(select(_META.c.value).where(*_MINE))


class Tenure:
    """The right, held from construction until `release`."""

    def __init__(self, link: Link, name: str) -> None:
        """Take it, or raise StoreInUse."""
        self._link, self._name = link, name
        self._token = f"owner-{uuid.uuid4().hex}"
        self._beat = monotonic()
        with link.transaction() as execute:
            execute(_MAKE, {})
            holder = execute(_LOCK, {})[0][0]
            if execute(_ALIVE, {"holder": holder}):
                raise StoreInUse(
                    f"{name} is in use: another process runs its instances ({holder}). Stop it first; if it was killed,"
                    f" its right ends {LEASE_SECONDS:g} s after its last sign of life. Or open the store with"
                    " owner=False, which can send and look but not run."
                )
            execute(_STRIKE, {"holder": holder})
            execute(_TAKE, {"claimant": self._token})
            claims.beat(execute, self._token, LEASE_SECONDS)

    def keep(self) -> None:
        """Beat if it is time; StoreInUse when somebody else has taken over meanwhile."""
        if monotonic() - self._beat < BEAT_SECONDS:
            return
        self._beat = monotonic()
        with self._link.transaction() as execute:
            claims.beat(execute, self._token, LEASE_SECONDS)
            held = execute(_HELD, {"claimant": self._token})
        if not held:
            raise StoreInUse(
                f"{self._name}: this process was silent for longer than {LEASE_SECONDS:g} s and another one runs the"
                " instances now. Nothing of theirs can be overwritten; stop this one."
            )

    def release(self) -> None:
        """Give the right back."""
        with self._link.transaction() as execute:
            execute(_GIVE, {"claimant": self._token})
        claims.leave(self._link, self._token)
