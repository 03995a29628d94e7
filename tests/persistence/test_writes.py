"""Statements are the same for every database, but for its words."""

from __future__ import annotations

import pytest

from persistence import writes
from persistence.statements import Statement

STATEMENTS = {name: value for name, value in vars(writes).items() if isinstance(value, Statement)}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_takes_the_same_values_everywhere(name: str) -> None:
    statement = STATEMENTS[name]
    if name.endswith("OR_FAIL"):  # only where nothing is asked in between
        assert statement.libpq.sql
        return
    assert statement.sqlite.names == statement.postgresql.names == statement.libpq.names
