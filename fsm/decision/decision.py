"""A decision: the answer of a table or of a rule set, with the version and the rows that gave it."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Decision(BaseModel, Generic[T]):
    """What was decided, and by what; a service that answers with it is journaled with all of it.

    >>> Decision[int](output=3, version="9c0f", rows=("discount:2",)).model_dump_json()
    '{"output":3,"version":"9c0f","rows":["discount:2"]}'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    output: T
    version: str
    """The digest of the rules: equal for equal rules, in every process."""
    rows: tuple[str, ...]
    """The rows that matched, each as `table:number`, counted from 1 as they are drawn."""
