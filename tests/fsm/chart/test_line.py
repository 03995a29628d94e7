"""The line of a frame is the one that Python would say, however long the code is."""

from __future__ import annotations

import sys

from fsm.chart.line import line_of_frame


def test_every_line_of_a_long_body_is_found() -> None:
    found: list[tuple[int, int]] = []

    def note() -> None:
        frame = sys._getframe(1)
        found.append((line_of_frame(frame), frame.f_lineno))

    source = "class Long:\n" + "\n".join(f"    note(\n    )\n    x{n} = {n}" for n in range(300))
    exec(compile(source, "long.py", "exec"), {"note": note, "__name__": "long"})
    assert len(found) == 300
    assert all(ours == theirs for ours, theirs in found)
