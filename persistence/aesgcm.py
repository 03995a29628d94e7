"""AES-GCM with keys that can be changed: each sealed value names the key that it was sealed with.

kind (1 byte) │ length of the key's name (1) │ name │ nonce (12) │ ciphertext and tag
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from fsm.errors import MissingExtra, StoreCorrupted, StoreError

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import aead
except ImportError as problem:
    raise MissingExtra("crypto", f"A sealed store needs cryptography ({problem}).") from problem

_KIND: Final = b"\x01"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = (16, 24, 32)


class AESGCM:
    """A codec with one key to seal and any number to open.

        key = secrets.token_bytes(32)  # keep it outside of the database
        codec = AESGCM({"2025": key}, seal_with="2025")

    To change the key, add the new one, seal with it, and keep the old one for as long as values exist that it sealed:
    they are sealed anew when they are next written. Raises StoreError for keys that cannot be used.
    """

    def __init__(self, keys: Mapping[str, bytes], *, seal_with: str) -> None:
        """The keys by name; each 16, 24 or 32 random bytes."""
        for name, key in keys.items():
            if len(key) not in _KEY_BYTES or not 0 < len(name.encode()) < 256:
                raise StoreError(
                    f"the key named {name!r} has {len(key)} bytes. A key has 16, 24 or 32 (secrets.token_bytes(32)"
                    " makes one), and its name 1 to 255."
                )
        if seal_with not in keys:
            raise StoreError(f"there is no key named {seal_with!r} to seal with; there are {sorted(keys)}.")
        self._ciphers = {name: aead.AESGCM(key) for name, key in keys.items()}
        self._cipher = self._ciphers[seal_with]
        named = seal_with.encode()
        self._head = _KIND + bytes([len(named)]) + named

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The sealed form, different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, plain, self._head + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The value again. Raises StoreCorrupted, or StoreError when its key is missing."""
        at = 2 + sealed[1] if len(sealed) > 1 else 0
        if sealed[:1] != _KIND or len(sealed) < at + _NONCE_BYTES:
            raise StoreCorrupted(
                f"{place.decode()} is not sealed: it was written without a codec, or changed since. Open the store"
                " without one to read it, or restore a backup."
            )
        name = sealed[2:at].decode(errors="replace")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise StoreError(
                f"{place.decode()} was sealed with the key named {name!r}, which is not among {sorted(self._ciphers)}."
                " Give the codec that key, too."
            )
        head, nonce = sealed[:at], sealed[at : at + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, sealed[at + _NONCE_BYTES :], head + place)
        except InvalidTag as problem:
            raise StoreCorrupted(
                f"{place.decode()} cannot be opened: it was changed, it belongs elsewhere, or {name!r} is another key"
                " than the one that it was sealed with. Check the key, or restore a backup."
            ) from problem
