"""The typed data that a machine carries."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Context(BaseModel):
    """Typed data of a machine, part of every snapshot; also for the records inside it.

    >>> class Cart(Context):
    ...     items: list[str] = []
    >>> Cart(items=["book"]).items
    ['book']

    Unknown fields are refused. Handlers change it in place; the commit checks it against its type.
    """

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")
