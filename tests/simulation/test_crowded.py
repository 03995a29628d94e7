"""Wherever a machine is killed that waits for room in a full inbox, nothing is lost, sent twice or asked anew."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.simulation.mortal import all_lives


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
def test_a_sender_that_waits_for_room_is_killed_anywhere_and_sends_everything_once(tmp_path: Path) -> None:
    whole, *killed = all_lives("tests.simulation.crowded", tmp_path)
    events = ["start", "Begin", *["Parcel"] * 4]
    assert (whole["error"], whole["told"]) == ("", [[events, ["start", *["Parcel"] * 4]], [1, 2, 3, 4], 0])
    assert len(whole["ledger"]) == 4
    assert len(killed) > 30
    for life in killed:
        assert (life["error"], life["told"]) == ("", whole["told"]), life["deaths_wanted"]
        keys = defaultdict(set)
        for line in life["ledger"]:
            keys[line["what"]].add(line["key"])
        assert {len(used) for used in keys.values()} == {1}, life["deaths_wanted"]
        times = Counter(line["what"] for line in life["ledger"])
        assert sum(times.values()) - len(times) <= life["deaths"], life["deaths_wanted"]
    assert sum(life["deaths"] for life in killed) > len(killed) * 0.8
