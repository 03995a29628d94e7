"""What instances are found by: fields of the context that the class names, as texts that a store can compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from fsm.chart import annotations as notes
from fsm.chart.context import Context
from fsm.chart.declared import shown
from fsm.chart.draft import Draft
from fsm.errors import SearchInvalid
from fsm.limits import SEARCH_CHARS_MAX, SEARCH_FIELDS_MAX

_EXACT_MAX = 2.0**53
"""Whole numbers beyond it are not told apart by a float."""


def search_fields(draft: Draft, wanted: Sequence[str] | None, context: type[Context]) -> tuple[str, ...]:
    """The class keyword `search=`, or that of the base; what cannot be searched is reported."""
    if wanted is None:
        return draft.inherited.search if draft.inherited else ()
    if isinstance(wanted, str) or not all(isinstance(name, str) for name in wanted):
        draft.found.at_machine(
            f"search={shown(wanted)}: write a tuple of names of fields, as in ('customer', 'amount')"
        )
        return ()
    for name in wanted:
        field = context.model_fields.get(name)
        if field is None:
            known = ", ".join(n for n, f in context.model_fields.items() if _plain(f.annotation)) or "none"
            draft.found.at_machine(f"search={name!r}: {context.__name__} has no such field; those it has: {known}")
        elif not _plain(field.annotation):
            draft.found.at_machine(
                f"search={name!r}: a {notes.name_of(field.annotation)} cannot be searched; name a field that is a str,"
                f" int, float, bool, datetime or an Enum of such values"
            )
    if len(wanted) > SEARCH_FIELDS_MAX:
        draft.found.at_machine(f"search= names {len(wanted)} fields, {SEARCH_FIELDS_MAX} are allowed; name fewer")
    return tuple(dict.fromkeys(wanted))


def _plain(annotation: Any) -> bool:
    """Whether all values of a type are single ones."""
    return all(
        member is type(None)
        or (get_origin(member) is Literal and all(isinstance(v, (str, int)) for v in get_args(member)))
        or (isinstance(member, type) and issubclass(member, (str, int, float, datetime)))
        or (isinstance(member, type) and issubclass(member, Enum) and all(_single(m.value) for m in member))
        for member in notes.members(annotation)
    )


def _single(value: object) -> bool:
    return isinstance(value, (str, int, float, datetime))


def search_text(value: Any) -> str:
    """A value as it is compared: equal numbers, and equal moments, have equal texts.

    >>> search_text(30), search_text(30.0), search_text(True), search_text("c1")
    ('30', '30', 'true', 'c1')
    >>> search_text(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00+00:00'

    Raises SearchInvalid for what is too long, or no single value.
    """
    match value:
        case Enum():
            return search_text(value.value)
        case bool():
            return "true" if value else "false"
        case float():
            text = str(int(value)) if value.is_integer() and abs(value) <= _EXACT_MAX else repr(value)
        case int():
            text = str(value)
        case datetime():
            text = (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
        case str():
            text = str(value)
        case _:
            raise SearchInvalid(f"{shown(value)} is no str, int, float, bool or datetime; search by one of those")
    if len(text) > SEARCH_CHARS_MAX or "\0" in text:
        raise SearchInvalid(
            f"{shown(text[:40])}… cannot be searched: {SEARCH_CHARS_MAX} characters are allowed, none of them zero;"
            f" name a shorter field in search="
        )
    return text


def attributes_of(context: Context, names: Sequence[str]) -> Mapping[str, str]:
    """What an instance with this context is found by; a field that is None is not. Raises SearchInvalid."""
    values = {name: getattr(context, name) for name in names}
    return {name: search_text(value) for name, value in values.items() if value is not None}


def keyed_id(machine: str, key: str) -> str:
    """The id of the instance of a machine that was started with a business key.

    >>> keyed_id("Order", "PO-7")
    'Order:PO-7'
    """
    return f"{machine.replace('%', '%25').replace(':', '%3A')}:{key}"
