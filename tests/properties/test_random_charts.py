"""Random walks through random charts: the machine does in every step what the independent oracle does.

`FSM_WALK_CHARTS` asks for more charts for each batch, `FSM_WALK_SEED` for other ones:
`FSM_WALK_CHARTS=1000 FSM_WALK_SEED=7 python -m pytest tests/properties/test_random_charts.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from tests.oracle.generator import random_spec
from tests.oracle.spec import Kind
from tests.oracle.walk import Walk

BATCHES = 16
CHARTS = int(os.environ.get("FSM_WALK_CHARTS", "25"))
BASE = 1_000_000 * int(os.environ.get("FSM_WALK_SEED", "0"))
STEPS = 25


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_random_walk_shows_the_configurations_and_the_order_that_the_oracle_shows(batch: int) -> None:
    counts: Counter[str] = Counter()
    for k in range(CHARTS):
        counts += Walk(BASE + batch * CHARTS + k).run(STEPS)
    assert counts["charts"] == CHARTS
    print(dict(counts))
    # a walk that meets nothing proves nothing
    assert counts["event taken"] > 5 * CHARTS
    assert counts["microsteps"] > 10 * CHARTS
    assert counts["lock-steps"] > CHARTS // 2
    assert counts["round trips"] > CHARTS


@pytest.mark.long
def test_thousands_of_other_walks_show_what_the_oracle_shows() -> None:
    for k in range(2_000):
        Walk(BASE + 10_000_000 + k).run(STEPS)


def test_the_random_charts_have_everything_that_a_chart_can_have() -> None:
    seen: Counter[str] = Counter()
    for seed in range(80):
        spec = random_spec(Random(seed))
        for state in spec.states:
            seen[state.kind] += 1
            parent = spec.states[state.parent].kind if state.index else None
            seen["region in a region"] += state.kind is Kind.PARALLEL and parent is Kind.PARALLEL
            seen["history of a parallel"] += state.kind in (Kind.SHALLOW, Kind.DEEP) and parent is Kind.PARALLEL
            seen["default with an action"] += state.default_block is not None
            seen["invoke"] += state.invokes
            seen["keeping events"] += state.keeps
            seen["counting"] += state.counts
            seen["a choice between several ways"] += len(state.ways) > 1
            seen["a choice first"] += state.kind is Kind.CHOICE and spec.states[state.parent].initial == state.index
        for edge in spec.edges:
            seen[edge.trigger] += 1
            seen["several targets"] += len(edge.targets) > 1
            seen["no target"] += not edge.targets
            seen["history as a target"] += any("history" in spec.states[t].kind for t in edge.targets)
            seen["the source as its target"] += edge.targets == (edge.source,)
            seen["reenter"] += edge.reenter
            seen["edge of the machine"] += edge.source == 0
            seen["edge in a state's body"] += edge.inside
    rare = {what: count for what, count in seen.items() if count < 20}
    assert len(seen) == 29, sorted(seen)
    assert not rare
