"""Sealing with AES-GCM: what was changed, moved or sealed with another key is not opened."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.errors import StoreCorrupted, StoreError
from persistence.aesgcm import AESGCM

OLD, NEW = b"o" * 32, b"n" * 16


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_what_was_sealed_is_opened_again_at_its_place(plain: bytes, place: bytes) -> None:
    codec = AESGCM({"k": OLD}, seal_with="k")
    assert codec.open(codec.seal(plain, place), place) == plain


def test_the_same_value_is_sealed_differently_each_time_and_never_readable() -> None:
    codec = AESGCM({"k": OLD}, seal_with="k")
    one, two = codec.seal(b"secret", b"p"), codec.seal(b"secret", b"p")
    assert one != two
    assert b"secret" not in one


def test_a_changed_key_opens_the_old_and_seals_the_new() -> None:
    before = AESGCM({"old": OLD}, seal_with="old")
    between = AESGCM({"old": OLD, "new": NEW}, seal_with="new")
    after = AESGCM({"new": NEW}, seal_with="new")
    sealed = before.seal(b"x", b"p")
    assert between.open(sealed, b"p") == b"x"
    assert after.open(between.seal(b"x", b"p"), b"p") == b"x"
    with pytest.raises(StoreError, match="sealed with the key named 'old'"):
        after.open(sealed, b"p")


def test_what_was_changed_or_moved_or_never_sealed_is_refused() -> None:
    codec = AESGCM({"k": OLD}, seal_with="k")
    sealed = codec.seal(b"x", b"p")
    for number in range(3, len(sealed)):
        changed = sealed[:number] + bytes([sealed[number] ^ 1]) + sealed[number + 1 :]
        with pytest.raises(StoreCorrupted, match="cannot be opened"):
            codec.open(changed, b"p")
    with pytest.raises(StoreCorrupted, match="belongs elsewhere"):
        codec.open(sealed, b"q")
    with pytest.raises(StoreCorrupted, match="another key"):
        AESGCM({"k": NEW}, seal_with="k").open(sealed, b"p")
    for never in (b"", b"\x01", b'{"x": 1}', sealed[:10]):
        with pytest.raises(StoreCorrupted, match="not sealed"):
            codec.open(never, b"p")


@pytest.mark.parametrize(
    ("keys", "told"), [({"k": b"short"}, "5 bytes"), ({"": OLD}, "1 to 255"), ({}, "no key named")]
)
def test_keys_that_cannot_be_used_are_refused(keys: dict[str, bytes], told: str) -> None:
    with pytest.raises(StoreError, match=told):
        AESGCM(keys, seal_with="k")


def test_without_its_package_the_extra_is_named() -> None:
    code = "import sys; sys.modules['cryptography'] = None; import persistence.aesgcm"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert "pip install 'dynamic-orchestrator[crypto]'" in told
