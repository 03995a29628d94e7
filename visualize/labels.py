"""Labels: the texts of a picture in the HTML-like language of Graphviz; every text of the user is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from visualize.drawing import Box, Line, Row
from visualize.theme import Theme

WIDTH_NAME = 26
WIDTH_LABEL = 30
WIDTH_CHOICE = 12
WIDTH_NOTE = 8
"""Characters after which a text goes on in the next line: wider labels push the states apart."""

DOT = "&#9679;"
TICK = "&#8730;"
"""A filled circle and, for a tick, the square root: ✓ is missing in fonts that engines have built in."""

SPACE = '<FONT POINT-SIZE="9"> </FONT>'
KEYWORDS = frozenset({"human", "task", "data", "entry", "exit", "output", "invoke", "defer"})

_INNER = re.compile(r"(?<=[_.,/:-])|(?<=[a-z0-9])(?=[A-Z])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of about `width` characters, broken at spaces, inside a word only where it is too long.

    >>> wrapped("the answer has_arrived", 12), wrapped("WaitingForTheSecondSignature", 16)
    (['the answer', 'has_arrived'], ['WaitingForThe', 'SecondSignature'])
    """
    lines = [""]
    for word in printable(text).split():
        gap = " "
        for part in [word] if len(word) <= width else _pieces(word, width):
            if lines[-1] and len(lines[-1]) + len(gap) + len(part) > width:
                lines.append("")
            lines[-1] += (gap if lines[-1] else "") + part
            gap = ""
    return lines


def _pieces(word: str, width: int) -> list[str]:
    parts = [part for part in _INNER.split(word) if part]
    return [part[i : i + width] for part in parts for i in range(0, len(part), width)]


def painted(text: str, colour: str, *, size: str = "", width: int = 0, style: str = "") -> str:
    """Escaped text in a colour; `style` is a letter such as B or I."""
    lines = wrapped(text, width) if width else [_CONTROL.sub(" ", text)]
    body = '<BR ALIGN="LEFT"/>'.join(escape(line) for line in lines)
    if len(lines) > 1:
        body += '<BR ALIGN="LEFT"/>'
    body = f"<{style}>{body}</{style}>" if style else body
    return f'<FONT COLOR="{colour}"{_sized(size)}>{body}</FONT>'


def _sized(size: str) -> str:
    return f' POINT-SIZE="{size}"' if size else ""


def caption(box: Box, theme: Theme, *, size: str = "") -> str:
    """The name of a state with its mark, ● active, √ visited, ! failed, and the note beside it."""
    return _marked(box, theme, size) + _noted(box, theme)


def _noted(box: Box, theme: Theme) -> str:
    """A short note beside the name, a long one below it."""
    if not box.note:
        return ""
    lines = [box.note] if len(box.note) <= WIDTH_NOTE else box.note.split(" · ")
    break_ = SPACE if len(lines) == 1 and len(box.note) <= WIDTH_NOTE else "<BR/>"
    return break_ + "<BR/>".join(painted(line, theme.muted, size="9") for line in lines)


def _marked(box: Box, theme: Theme, size: str) -> str:
    match box.look:
        case "active":
            return f'<FONT COLOR="{theme.active}">{DOT}</FONT> {_name(box, theme.active, size)}'
        case "failed":
            return f'<FONT COLOR="{theme.failure}"><B>!</B></FONT> {_name(box, theme.failure, size)}'
        case "visited":
            return f'{_name(box, theme.ink, size)} <FONT COLOR="{theme.visited}">{TICK}</FONT>'
        case _:
            return _name(box, theme.ink, size)


def _name(box: Box, colour: str, size: str) -> str:
    lines = wrapped(box.name, WIDTH_NAME)
    body = "<BR/>".join(escape(line) for line in lines)
    return f'<FONT COLOR="{colour}"{_sized(size)}><B>{body}</B></FONT>'


def state_label(box: Box, theme: Theme) -> str:
    """The label of a state without children: its name and, below a rule, its compartment."""
    rows = f'<TR><TD CELLPADDING="6">{caption(box, theme)}</TD></TR>'
    if box.hidden:
        inside = painted(f"+ {box.hidden} states inside", theme.muted, size="9", style="I")
        rows += f'<TR><TD CELLPADDING="3">{inside}</TD></TR>'
    if box.rows:
        rows += f'<HR/><TR><TD CELLPADDING="3">{compartment(box.rows, theme, middle=len(box.rows) == 1)}</TD></TR>'
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" COLOR="{theme.rule}">{rows}</TABLE>>'


def choice_label(box: Box, theme: Theme) -> str:
    """The name in a diamond."""
    lines = "<BR/>".join(escape(line) for line in wrapped(box.name, WIDTH_CHOICE))
    return f'<<FONT POINT-SIZE="10" COLOR="{theme.ink}"><B>{lines}</B></FONT>>'


def compartment(rows: tuple[Row, ...], theme: Theme, *, middle: bool = False) -> str:
    """Keywords in one column and what they do in the other; an event's row is one text across both.

    In the `middle` every row is one text: two columns would be pulled apart by a name that is wider.
    """
    across = max((_length(row) for row in rows if row.role not in KEYWORDS), default=0)
    narrow = max((_length(row) for row in rows if row.role in KEYWORDS), default=across)
    # a text across both that is wider than they are would pull the columns apart
    body = "".join(f"<TR>{_cells(row, theme, apart=across <= narrow, middle=middle)}</TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="1">{body}</TABLE>'


def _length(row: Row) -> int:
    return len(row.word) + sum(min(len(text), WIDTH_LABEL) + 2 for text in (row.text, row.guard, row.action) if text)


def _cells(row: Row, theme: Theme, *, apart: bool, middle: bool) -> str:
    left = 'BALIGN="LEFT"' if middle else 'ALIGN="LEFT" BALIGN="LEFT"'
    word, meaning = _word(row, theme), _meaning(row, theme)
    if row.role in KEYWORDS and apart and not middle:
        return f"<TD {left}>{word}</TD><TD {left}>{meaning}</TD>"
    between = SPACE if row.role in KEYWORDS or _length(row) <= 2 * WIDTH_LABEL else '<BR ALIGN="LEFT"/>'
    return f'<TD {left} COLSPAN="2">{word}{between}{meaning}</TD>'


def _word(row: Row, theme: Theme) -> str:
    return painted(row.word, theme.word(row.role), size="9", style="" if row.role in KEYWORDS else "B")


def _meaning(row: Row, theme: Theme) -> str:
    parts = [painted(row.text, theme.ink, size="9", width=WIDTH_LABEL)] if row.text else []
    if row.guard:
        parts.append(painted(f"[{row.guard}]", theme.guard, size="9", width=WIDTH_LABEL))
    if row.action:
        parts.append(painted(f"/ {row.action}", theme.action, size="9", width=WIDTH_LABEL))
    return SPACE.join(parts) or " "


def frame_label(box: Box, theme: Theme) -> str:
    """The header of a composite: its name, and its compartment in one line or in several."""
    rows = f'<TR><TD ALIGN="LEFT" BALIGN="LEFT">{caption(box, theme, size="12")}</TD></TR>'
    if box.rows:
        plain = sum(len(r.word) + len(r.text) + len(r.guard) + len(r.action) + 4 for r in box.rows)
        if plain <= 2 * WIDTH_LABEL and len(box.rows) <= 3:
            text = " &#160; ".join(f"{_word(r, theme)} {_meaning(r, theme)}" for r in box.rows)
            rows += f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"><FONT POINT-SIZE="9">{text}</FONT></TD></TR>'
        else:
            rows += f'<TR><TD ALIGN="LEFT" CELLPADDING="0">{compartment(box.rows, theme)}</TD></TR>'
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>>'


def region_label(box: Box, theme: Theme) -> str:
    """The quiet title of a region that has nothing of its own."""
    mark = f'<FONT COLOR="{theme.active}">{DOT}</FONT> ' if box.look == "active" else ""
    note = f"{SPACE}{painted(box.note, theme.muted, size='9')}" if box.note else ""
    text = f"{mark}{painted(box.name, theme.muted, size='10', style='I')}{note}"
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2"><TR><TD>{text}</TD></TR></TABLE>>'


def page_label(box: Box, theme: Theme) -> str:
    """The title of the page: the machine's name, and what the machine itself does in every state."""
    rows = f'<TR><TD ALIGN="LEFT">{painted(box.name, theme.ink, size="15", style="B")}</TD></TR>'
    if box.rows:
        rows += f'<TR><TD ALIGN="LEFT" CELLPADDING="0">{compartment(box.rows, theme)}</TD></TR>'
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>>'


def final_label(box: Box, theme: Theme) -> str:
    """The name below a bullseye, and the handler that makes its output."""
    colour = theme.active if box.look == "active" else theme.failure if box.look == "failed" else theme.ink
    lines = "<BR/>".join(escape(line) for line in wrapped(box.name, WIDTH_NAME))
    tick = f' <FONT COLOR="{theme.visited}">{TICK}</FONT>' if box.look == "visited" else ""
    tick += _noted(box, theme)
    rows = f'<TR><TD><FONT POINT-SIZE="10" COLOR="{colour}"><B>{lines}</B>{tick}</FONT></TD></TR>'
    for row in box.rows:
        rows += f'<TR><TD><FONT POINT-SIZE="9">{_word(row, theme)} {_meaning(row, theme)}</FONT></TD></TR>'
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{rows}</TABLE>>'


def pill_label(word: str, theme: Theme) -> str:
    """The words of a mark that stands for states: `any state`, `any in Work`, `restart Work`."""
    text = painted(word, theme.muted, size="9", style="I", width=WIDTH_NAME)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4"><TR><TD>{text}</TD></TR></TABLE>>'


def line_label(lines: Iterable[Line], theme: Theme, *, above: bool = False) -> str:
    """The texts of lines that are one curve; `above` when they stand on it instead of beside it."""
    texts = [rows for line in lines if (rows := _said(line, theme))]
    if not texts:
        return ""
    # dot sets a label flush against its line: an empty first column, or a last row, keeps them apart
    row, gap = '<TR><TD WIDTH="5"></TD><TD ALIGN="LEFT" BALIGN="LEFT">{}</TD><TD WIDTH="2"></TD></TR>', _gap(4)
    cells = gap.join("".join(row.format(text) for text in rows) for rows in texts) + (_gap(5) if above else "")
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{cells}</TABLE>>'


def _gap(points: int) -> str:
    return f'<TR><TD COLSPAN="3" HEIGHT="{points}"></TD></TR>'


def _said(line: Line, theme: Theme) -> list[str]:
    """`event [guard]` and in the next row `/ action`."""
    first = []
    if line.event:
        quiet = line.kind in ("done", "always", "choose", "default")
        first.append(painted(line.event, theme.word(line.kind), style="" if quiet else "B", width=WIDTH_LABEL))
    if line.guard:
        first.append(painted(f"[{line.guard}]", theme.guard, width=WIDTH_LABEL))
    rows = [" ".join(first)] if len(line.event) + len(line.guard) <= WIDTH_LABEL + 6 and first else first
    if line.action:
        rows = [*rows, painted(f"/ {line.action}", theme.action, width=WIDTH_LABEL)]
    if line.reenter:
        rows = [*rows, painted("enters again", theme.muted, style="I")]
    if line.taken > 1 or (line.taken and line.share is not None):
        rows = [*rows, painted(f"× {line.taken}", theme.visited)]
    return rows


def printable(text: str) -> str:
    """The text without control characters, line ends apart."""
    return _CONTROL.sub(" ", text)
