"""The Mermaid source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.visualize.machines import LIVE, PATH, Deep, Fork, Loops, Order, Regions, Routed, Ship, many
from visualize import diagram, to_mermaid


def test_states_are_nested_and_regions_are_parted() -> None:
    source = to_mermaid(Order)
    assert source.startswith('---\ntitle: "Order"\n---\nstateDiagram-v2\n    direction TB\n')
    assert 'state "Processing" as s2 {' in source
    assert source.count("        --\n") == 1
    assert source.count("{") == source.count("}")


def test_labels_have_event_guard_and_action() -> None:
    assert "s1 --> s2 : Submit #91;cart_not_empty#93; / reserve_stock" in to_mermaid(Order)


def test_a_deep_history_is_a_state_of_that_name() -> None:
    assert 'state "H*" as' in to_mermaid(Order)


def test_finals_lead_to_the_end() -> None:
    assert to_mermaid(Order).count("--> [*]") == 5


def test_the_compartment_of_a_state_is_in_it_that_of_a_composite_is_a_note() -> None:
    source = to_mermaid(Order)
    assert "s1 : Edit / recalculate" in source
    assert "note right of s2\n        entry open_case\n        exit close_case\n    end note" in source


def test_a_choice_is_declared_before_it_is_used_and_has_its_name_in_a_note() -> None:
    lines = [line.strip() for line in to_mermaid(Routed).splitlines()]
    assert lines.index("state s1 <<choice>>") < lines.index("[*] --> s1")
    assert lines[lines.index("note right of s1") + 1] == "Size"


def test_a_closed_composite_says_how_much_is_in_it() -> None:
    assert "s2 : + 12 states inside" in to_mermaid(diagram(Order, collapse=1))


def test_several_targets_fork() -> None:
    assert "state fork0 <<fork>>" in to_mermaid(Fork)


def test_lines_of_the_machine_start_at_any_state() -> None:
    assert 'state "any state" as any' in to_mermaid(Loops)


def test_a_mark_stands_for_what_is_around_the_other_end_of_a_line() -> None:
    source = to_mermaid(Loops)  # Mermaid draws the label of a line to an ancestor, and no line
    inner = source.partition('state "Second" as s4 {')[2].partition('state "H" as s9')[0]
    assert 'state "any in Work" as any2' in inner
    assert "any2 --> s8 : Edit" in source
    assert 'state "restart Work" as again7' in inner
    assert "s8 --> again7 : Again" in source
    assert "class again12,again7,any15,any16,any2 mark" in source


def test_active_states_have_a_class() -> None:
    source = to_mermaid(LIVE)
    active = LIVE.chart.index["Processing.Payment.Backoff"]
    assert f"class s{active}," in source
    assert "classDef active " in source
    assert "classDef" not in to_mermaid(Order)


PARSER = """
import { JSDOM } from "jsdom";
import { readFileSync } from "node:fs";
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");
for (const file of process.argv.slice(2)) {
  const { diagramType } = await mermaid.parse(readFileSync(file, "utf8"));
  console.log(diagramType);
}
"""


@pytest.mark.long
def test_mermaid_itself_understands_every_source(tmp_path: Path) -> None:
    """With Mermaid's own parser, from the registry of its packages."""
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"jsdom": "31.0.1", "mermaid": "12.3.0"}}))
    (tmp_path / "parse.mjs").write_text(PARSER)
    beside = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"}
    npm = [str(beside / "npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=600)
    subjects = (Order, diagram(LIVE, history=PATH), Loops, Fork, Regions, Ship, Deep, Routed, many())
    for number, subject in enumerate(subjects):
        (tmp_path / f"{number}.mmd").write_text(to_mermaid(subject), encoding="utf-8")
    names = [f"{number}.mmd" for number in range(len(subjects))]
    done = subprocess.run(
        [str(beside / "node"), "parse.mjs", *names], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["stateDiagram"] * len(subjects)
