"""PostgreSQL itself: what must be so, and what its troubles are called."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from fsm.errors import StoreError, StoreFull, StoreLocked, StoreReadOnly, StoreUnsuitable
from persistence.databases.postgres import Postgres

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from fsm.errors import MissingExtra
from persistence import open_store
try:
    open_store("postgresql+psycopg://host/db")
except MissingExtra as error:
    print(error.extra, error)
"""


def test_without_its_driver_the_extra_is_named() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT_PSYCOPG], capture_output=True, text=True, check=True).stdout
    assert told.startswith("postgres ")
    assert "pip install 'dynamic-orchestrator[postgres]'" in told


def test_a_server_is_named_without_user_and_password() -> None:
    assert Postgres("postgresql://me:secret@host:1234/orders").name == "postgresql://host/orders"


def test_a_server_that_is_not_there_is_told_what_to_check_and_nobody_the_password() -> None:
    with pytest.raises(StoreError, match=r"cannot be reached.*port, user and password") as told:
        Postgres("postgresql://me:secret@localhost:1/orders").connect()
    assert "secret" not in str(told.value)


def test_a_connection_prepares_nothing_and_keeps_no_transaction_open(postgres: str) -> None:
    connection = Postgres(postgres).connect()
    for number in range(20):
        connection.execute("SELECT %s::int", (number,))
    assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
    assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    connection.close()


def test_a_database_that_is_not_in_utf_8_is_refused(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StoreUnsuitable, match=r"LATIN1.*ENCODING 'UTF8'"):
        Postgres(postgres.replace("/postgres?", "/latin?")).connect()


@pytest.mark.parametrize(
    ("error", "ours", "told"),
    [
        (psycopg.errors.LockNotAvailable, StoreLocked, "pg_stat_activity"),
        (psycopg.errors.DeadlockDetected, StoreLocked, "pg_stat_activity"),
        (psycopg.errors.DiskFull, StoreFull, "Make room"),
        (psycopg.errors.ReadOnlySqlTransaction, StoreReadOnly, "primary server"),
        (psycopg.errors.InsufficientPrivilege, StoreReadOnly, "create the schema fsm"),
        (psycopg.errors.AdminShutdown, StoreError, "cannot be reached"),
        (psycopg.OperationalError, StoreError, "cannot be reached"),
        (psycopg.errors.UndefinedTable, StoreError, "report it"),
        (UnicodeError, StoreError, "A value cannot be stored"),
    ],
)
def test_every_trouble_has_a_name_and_a_remedy(error: type[Exception], ours: type[StoreError], told: str) -> None:
    translated = Postgres("postgresql://host/db").translated(error("trouble"), "writing 'a'")
    assert type(translated) is ours
    assert "postgresql://host/db, writing 'a': trouble." in str(translated)
    assert told in str(translated)
