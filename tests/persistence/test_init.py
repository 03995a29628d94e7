"""The front door: which store a URL opens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import persistence
from fsm.errors import StoreUrlInvalid
from persistence import MemoryStore, SQLStore, open_store
from persistence.aesgcm import AESGCM
from persistence.sealing import SealedStore
from persistence.url import StoreUrl, parse


def test_the_public_names_are_sorted_and_there() -> None:
    assert persistence.__all__ == sorted(persistence.__all__)
    assert all(hasattr(persistence, name) for name in persistence.__all__)


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(AttributeError, match="MemoryStore, SQLStore, open_store"):
        _ = persistence.Postgres


def test_importing_the_folder_loads_neither_sqlmodel_nor_sqlalchemy() -> None:
    code = "import sys, persistence; persistence.open_store('memory://'); print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd(), check=True)
    assert done.stdout.strip() == "False"


def test_importing_the_sql_store_loads_no_dialect_of_a_database() -> None:
    code = (
        "import sys; from persistence import SQLStore; print([m for m in sys.modules if 'sqlalchemy.dialects.' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd(), check=True)
    assert done.stdout.strip() == "[]"


def test_a_url_opens_the_store_that_it_names_and_no_file_yet(tmp_path: Path) -> None:
    assert isinstance(open_store("memory://"), MemoryStore)
    assert isinstance(open_store(f"sqlite:///{tmp_path}/a.db"), SQLStore)
    assert list(tmp_path.iterdir()) == []


def test_a_codec_seals_whatever_the_url_names() -> None:
    codec = AESGCM({"k": b"k" * 32}, seal_with="k")
    assert isinstance(open_store("memory://", codec=codec), SealedStore)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("sqlite:///orders.db", StoreUrl("orders.db")),
        ("sqlite:////srv/orders.db", StoreUrl("/srv/orders.db")),
        ("sqlite:///a%20b%3F.db", StoreUrl("a b?.db")),
        ("sqlite:///o.db?synchronous=NORMAL", StoreUrl("o.db", "NORMAL")),
        ("sqlite:///o.db?thread=1&synchronous=FULL", StoreUrl("o.db", "FULL", True)),
        ("sqlite:///o.db?thread=0", StoreUrl("o.db", "FULL", False)),
        ("memory://", StoreUrl(None)),
        (
            "postgresql+psycopg://u:p@host/db?connect_timeout=3",
            StoreUrl(None, server="postgresql://u:p@host/db?connect_timeout=3"),
        ),
    ],
)
def test_a_url_is_taken_apart(url: str, meant: StoreUrl) -> None:
    assert parse(url) == meant


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "Use memory://"),
        ("sqlite:///", "Use memory://"),
        ("sqlite:///:memory:", "Use memory://"),
        ("sqlite://host/o.db", "names a host"),
        ("sqlite:///o.db?speed=9", "no option 'speed'"),
        ("sqlite:///o.db?nonsense", "no option 'nonsense'"),
        ("sqlite:///o.db?synchronous=OFF", "Use FULL"),
        ("sqlite:///o.db?thread=yes", "Use 1"),
        ("sqlite:///o.db?thread=1&thread=0", "given twice"),
        ("memory://name", "Use memory://"),
        ("memory://?thread=1", "Use memory://"),
        ("postgresql+asyncpg://host/db", "spoken with psycopg"),
        ("postgresql+psycopg://host/db?nonsense=1", "options that libpq knows"),
        ("postgresql://u:secr%et@host/db", "cannot be read"),
        ("mysql://host/db", "no store speaks 'mysql'"),
        ("restate+http://host:8080?view=sqlite:///v.db", "is an engine, not a store. .* behind view="),
        ("orders.db", "it has no scheme"),
    ],
)
def test_a_url_that_no_store_speaks_is_told_what_would_do(url: str, told: str) -> None:
    with pytest.raises(StoreUrlInvalid, match=told.replace("?", r"\?")):
        open_store(url)
