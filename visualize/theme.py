"""A theme: the colours of a picture, after Okabe and Ito so that colour-blind readers tell them apart.

Colour never stands alone: active has a thick border and a mark, visited a tint and a tick, delays are dashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Theme:
    """One colour for each role that something in a picture can have."""

    name: str
    paper: str
    ink: str
    muted: str
    line: str
    state: str
    state_line: str
    rule: str
    nest: tuple[str, ...]
    nest_line: str
    active: str
    active_fill: str
    active_nest: str
    visited: str
    visited_fill: str
    failed_fill: str
    guard: str
    action: str
    delay: str
    failure: str
    service: str

    def word(self, role: str) -> str:
        """The colour of a keyword or of an event, by the role of its row or the kind of its line."""
        return {
            "entry": self.action,
            "exit": self.action,
            "output": self.action,
            "invoke": self.service,
            "task": self.delay,
            "human": self.delay,
            "data": self.muted,
            "defer": self.muted,
            "after": self.delay,
            "failed": self.failure,
            "done": self.muted,
            "always": self.muted,
            "choose": self.muted,
            "default": self.muted,
        }.get(role, self.ink)


LIGHT = Theme(
    name="light",
    paper="#FFFFFF",
    ink="#1F2933",
    muted="#5F6C7B",
    line="#52606D",
    state="#FFFFFF",
    state_line="#7B8794",
    rule="#CBD2D9",
    nest=("#F5F7FA", "#EDF1F5", "#E4E9EF"),
    nest_line="#9AA5B1",
    active="#0072B2",
    active_fill="#D6EBF8",
    active_nest="#EDF6FC",
    visited="#52606D",
    visited_fill="#EEF1F4",
    failed_fill="#FBE3D6",
    guard="#7A4FA3",
    action="#00664B",
    delay="#9A6200",
    failure="#B84A00",
    service="#005C91",
)

DARK = Theme(
    name="dark",
    paper="#14181D",
    ink="#E6EAEE",
    muted="#9DA9B5",
    line="#A9B4BF",
    state="#232A31",
    state_line="#748190",
    rule="#3E4954",
    nest=("#1A1F25", "#1F252C", "#252C34"),
    nest_line="#5C6874",
    active="#56B4E9",
    active_fill="#0E3A56",
    active_nest="#172A38",
    visited="#A9B4BF",
    visited_fill="#2A313A",
    failed_fill="#4A2412",
    guard="#C8A2E8",
    action="#4CD0A5",
    delay="#F0B849",
    failure="#FF9A5C",
    service="#7CC7F2",
)


def theme_named(name: str) -> Theme | None:
    """The theme of this name, if there is one."""
    return {LIGHT.name: LIGHT, DARK.name: DARK}.get(name)
