"""The order of the durable cases as plain data, for the floors and the peers: about 1 KB as JSON."""

from __future__ import annotations

from typing import Any


def as_data(n: int, count: int = 10) -> dict[str, Any]:
    """The order as it is after so many steps."""
    return {
        "n": n,
        "id": "ord-000123",
        "customer": {"name": "Ada Lovelace", "mail": "ada@example.org", "tier": "gold"},
        "lines": [
            {"sku": f"SKU-{k:05d}", "qty": k + 1, "price": 19.99 + k, "note": "deliver before noon"}
            for k in range(count)
        ],
        "history": ["created", "validated", "paid", "packed"],
        "flags": {"fragile": True, "gift": False},
        "total": 249.5 + n,
    }
