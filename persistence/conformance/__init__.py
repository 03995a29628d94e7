"""What every store promises, as laws that any implementation can be tried with.

    @pytest.mark.anyio
    @pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
    async def test_my_store_keeps_the_law(law, tmp_path):
        await law(lambda: MyStore(tmp_path / "data"))

A law is given a place: a function that makes one more view of the same data, as another process would have it. For
each law the data have to be empty at first. A store that breaks one raises `LawBroken`, which says what was found.
"""

from typing import Final

from persistence.conformance import (
    attempting,
    claiming,
    inbox,
    lasting,
    looking,
    retaining,
    scheduling,
    tasking,
    views,
    writing,
)
from persistence.conformance.law import Law, LawBroken, Place

LAWS: Final[tuple[Law, ...]] = (
    *writing.LAWS,
    *inbox.LAWS,
    *lasting.LAWS,
    *looking.LAWS,
    *views.LAWS,
    *claiming.LAWS,
    *attempting.LAWS,
    *tasking.LAWS,
    *retaining.LAWS,
    *scheduling.LAWS,
)
"""All laws."""

__all__ = ["LAWS", "Law", "LawBroken", "Place"]
