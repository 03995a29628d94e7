"""A timeline: the life of one instance as SVG, a lane for each state, service and incident.

    events       start  Submit      failed   after 300ms
    Draft        ██████
    Scoring            ░░░░░░░░░░░░░░░░░░░░░░░░░░░
      Asking           ██████████            █████
      Pause                      ████████████
    bank.score          ▒▒▒▒▒▒▒▒!            ▒▒▒▒▒

Time is compressed: a gap is drawn by the logarithm of its length and says how long it was, so that milliseconds of
a call and days of waiting are on one page. No program is needed to draw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import log2
from typing import Any

from fsm.chart.chart import Chart
from fsm.errors import DrawingError
from visualize.labels import printable
from visualize.stays import Stay, TimedTurn, Trouble, moments, stays
from visualize.theme import Theme, ThemeName, theme_named

LANE, HEAD, FOOT, PAD, INDENT = 24, 96, 34, 18, 12
NARROW, WIDE, PAGE = 16.0, 170.0, 760.0
"""Pixels of a gap at least and at most, and of all gaps together at least."""
LETTER = 6.0
"""Pixels that a letter of 11 pixels takes, on average."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline as SVG, shown by notebooks; `str()` gives the text."""

    svg: str

    def __str__(self) -> str:
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg


def timeline(
    history: Iterable[TimedTurn],
    *,
    now: float,
    chart: Chart | type | None = None,
    incidents: Iterable[Trouble] = (),
    title: str = "",
    theme: ThemeName = "light",
) -> Timeline:
    """The timeline of a journal up to `now`, in seconds since the epoch.

        Path("A-1.svg").write_text(str(timeline(await order.history(), chart=Order, now=time.time())))

    With the chart or its class states stand in the order of their declaration, and work for people is marked.
    Raises DrawingError for an empty journal and for an unknown theme.
    """
    turns, troubles = list(history), list(incidents)
    chosen = theme_named(theme)
    if chosen is None:
        raise DrawingError(f"There is no theme {theme!r}; choose 'light' or 'dark'.")
    if not turns:
        raise DrawingError("The journal is empty, so there is no timeline. Start the instance first.")
    known = chart if isinstance(chart, Chart) else getattr(chart, "__chart__", None)
    return Timeline(_Page(turns, troubles, max(now, turns[-1].at), known, chosen, title).svg())


class _Page:
    """One SVG in the making."""

    def __init__(
        self,
        turns: Sequence[TimedTurn],
        troubles: Sequence[Trouble],
        now: float,
        chart: Chart | None,
        theme: Theme,
        title: str,
    ) -> None:
        self.turns, self.troubles, self.now, self.chart, self.theme, self.title = (
            turns,
            troubles,
            now,
            chart,
            theme,
            title,
        )
        self.stays = stays(turns)
        self.calls = [call for turn in turns for call in turn.calls]
        self.states = self._states()
        names = [*self.states, *dict.fromkeys(c.method for c in self.calls), *(["incidents"] if troubles else [])]
        self.lanes = {name: HEAD + i * LANE + (10 if name not in self.states else 0) for i, name in enumerate(names)}
        self.left = PAD + max(120.0, *(self._name_width(n) for n in names)) + 14
        self.at = _scale(moments(turns, troubles, now), self.left)
        self.right = max(self.at.values())
        self.parts: list[str] = []

    def _states(self) -> list[str]:
        seen = dict.fromkeys(stay.state for stay in self.stays)
        if self.chart is None:
            return list(seen)
        return sorted(seen, key=lambda s: self.chart.index.get(s, len(seen)) if self.chart else 0)

    def _name_width(self, name: str) -> float:
        depth = name.count(".") if name in self.states else 0
        return depth * INDENT + (len(self._short(name)) + 9 * self._for_people(name)) * LETTER

    def _for_people(self, state: str) -> bool:
        """Whether a state, or one around it, is work for a person."""
        if self.chart is None or state not in self.chart.index:
            return False
        number = self.chart.index[state]
        around = [self.chart.nodes[i] for i in (number, *self.chart.ancestors(number))]
        return any("task" in n.tags or any(self.chart.invokes[i].person for i in n.invokes) for n in around)

    def _short(self, name: str) -> str:
        return name.rpartition(".")[2] if name in self.states else name

    def svg(self) -> str:
        self._backdrop()
        for name, y in self.lanes.items():
            self._lane_name(name, y)
        for stay in self.stays:
            self._stay(stay)
        for call in self.calls:
            look = (self.theme.service, "") if call.ok else (self.theme.failure, "!")
            again = f", attempt {call.attempt}" if call.attempt > 1 else ""
            tip = f"{call.method}: {'answered' if call.ok else 'failed'} after {_long(call.duration)}{again}"
            self._bar(self.lanes[call.method], call.at, call.at + call.duration, look[0], tip, mark=look[1], thin=True)
        for trouble in self.troubles:
            end = trouble.resolved if trouble.resolved is not None else self.now
            tip = f"{trouble.kind}: {trouble.message}"
            self._bar(self.lanes["incidents"], trouble.at, end, self.theme.failure, tip, mark=f"! {trouble.kind}")
        return self._document()

    def _backdrop(self) -> None:
        """Events above, a line for each turn, and how long it was from one to the next."""
        t, low = self.theme, max(self.lanes.values()) + LANE
        for turn in self.turns:
            x = self.at[turn.at]
            self.parts.append(f'<path d="M{x:.1f} {HEAD - 10}V{low}" stroke="{t.rule}" stroke-width="1"/>')
            name = _cut(_event(turn.event), 20)
            place = f'transform="translate({x + 3:.1f} {HEAD - 14}) rotate(-38)"'
            self._text(name, place, t.failure if turn.event.startswith("error.") else t.ink, "b", turn.event)
        for a, b in pairwise([*dict.fromkeys(t.at for t in self.turns), self.now]):
            words = _long(b - a)
            if self.at[b] - self.at[a] > len(words) * LETTER + 8:
                x = (self.at[a] + self.at[b]) / 2
                self._text(words, f'x="{x:.1f}" y="{low + 16}" text-anchor="middle"', t.muted)

    def _lane_name(self, name: str, y: float) -> None:
        depth = name.count(".") if name in self.states else 0
        place = f'x="{PAD + depth * INDENT}" y="{y + 16}"'
        words = f"{self._short(name)} · person" if self._for_people(name) else self._short(name)
        self._text(words, place, self.theme.ink if name in self.states else self.theme.muted, "", name)

    def _stay(self, stay: Stay) -> None:
        outer = any(other.startswith(f"{stay.state}.") for other in self.states)
        person = self._for_people(stay.state)
        end = stay.end if stay.end is not None else self.now
        words = f"{_long(end - stay.start)}{' so far' if stay.end is None else ''}"
        tip = f"{stay.state}: {words}{', work for a person' if person else ''}"
        colour = self.theme.delay if person else self.theme.active
        self._bar(self.lanes[stay.state], stay.start, end, colour, tip, mark="" if outer else words, hollow=outer)

    def _bar(
        self, y: float, start: float, end: float, colour: str, tip: str, *, mark: str = "", thin: bool = False,
        hollow: bool = False,
    ) -> None:  # fmt: skip
        x, width = self.at[start], max(self.at[end] - self.at[start], 3.0)
        top, height = (y + 7, LANE - 14) if thin or hollow else (y + 3, LANE - 6)
        paint = f'fill="{colour}" fill-opacity="{0.12 if hollow else 0.85 if thin else 0.28}" stroke="{colour}"'
        self.parts.append(
            f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{height}" rx="3" {paint}>'
            f"<title>{escape(printable(tip))}</title></rect>"
        )
        if mark and (len(mark) * LETTER + 8 < width or mark == "!"):
            at = x + 5 if mark != "!" else x + width + 3
            self._text(mark, f'x="{at:.1f}" y="{y + 16}"', self.theme.failure if "!" in mark else self.theme.ink)

    def _text(self, words: str, place: str, colour: str, weight: str = "", tip: str = "") -> None:
        bold = ' font-weight="bold"' if weight else ""
        more = f"<title>{escape(printable(tip))}</title>" if tip and tip != words else ""
        self.parts.append(f'<text {place} fill="{colour}"{bold}>{escape(printable(words))}{more}</text>')

    def _document(self) -> str:
        width, height = self.right + 90, max(self.lanes.values()) + LANE + FOOT
        title = f'<text x="{PAD}" y="28" font-size="15" font-weight="bold" fill="{self.theme.ink}">'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline {self.theme.name}" role="img"'
            f' width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' font-family="Arial, Helvetica, sans-serif" font-size="11">'
            f"<title>{escape(printable(self.title or 'Timeline'))}</title>"
            f'<rect width="100%" height="100%" fill="{self.theme.paper}"/>'
        )
        named = f"{title}{escape(printable(self.title))}</text>" if self.title else ""
        return "\n".join([head, named, *self.parts, "</svg>"])


def _scale(times: Sequence[float], left: float) -> Mapping[float, float]:
    """Where each moment lies: gaps by the logarithm of their length."""
    gaps = [min(WIDE, NARROW + 9 * log2(1 + (b - a) / 0.02)) for a, b in pairwise(times)]
    stretch = max(1.0, PAGE / sum(gaps)) if gaps else 1.0
    places, here = {times[0]: left}, left
    for time, gap in zip(times[1:], gaps, strict=True):
        here += gap * min(stretch, 3.0)
        places[time] = here
    return places


def _event(name: str) -> str:
    """An event as people say it: the timer and the invoke are in the lanes."""
    kind, _, rest = name.partition(":")
    if kind in ("after", "overdue", "warn", "breach"):
        return f"{kind} {rest.rpartition('#')[0].rpartition('.')[2] or rest}"
    for prefix, word in (("done.invoke.", "done"), ("error.invoke.", "failed")):
        if name.startswith(prefix):
            return f"{name.removeprefix(prefix)} {word}"
    return name


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _long(seconds: float) -> str:
    """A length of time in at most two units.

    >>> _long(0.0123), _long(2.5), _long(3725), _long(190_000)
    ('12ms', '2.5s', '1h 2m', '2d 4h')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    units: list[tuple[int, str]] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
    found: list[Any] = []
    rest = int(seconds)
    for size, unit in units:
        count, rest = divmod(rest, size)
        if count or found:
            found.append(f"{count}{unit}")
    return " ".join(part for part in found[:2] if not part.startswith("0"))
