"""The data of active states between turns: written down, checked, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsm.chart.context import Context
from fsm.core.live import Live
from fsm.errors import ContextInvalid


def keep(live: Live) -> dict[str, Any]:
    """The data of active states as JSON by id, checked against its types. Raises ContextInvalid."""
    chart = live.table.chart
    return {chart.nodes[n].id: encoded(chart.nodes[n].id, data) for n, data in sorted(live.locals.items())}


def restore(live: Live, kept: Mapping[str, Any]) -> None:
    """Bring the data of active states to what was kept; a state without any begins anew. Raises ValueError."""
    chart = live.table.chart
    live.saved_locals = dict(kept)
    live.locals = {
        n: live.table.local[n].model_validate(kept.get(chart.nodes[n].id, {}))
        for n in live.at.states
        if n in live.table.local
    }


def encoded(state: str, data: Context) -> Any:
    """The data of a state as JSON. Raises ContextInvalid when it does not fit its type."""
    try:
        kept = data.model_dump(mode="json", warnings="error")
        type(data).model_validate(kept)
    except ValueError as problem:
        raise ContextInvalid(
            f"after the turn the data of state {state} does not fit its type: {problem}. Nothing was changed; mend the"
            f" handler that assigned it, then retry."
        ) from problem
    return kept
