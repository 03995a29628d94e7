"""Sources: the address of the line on which something was declared, for the links of a picture."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fsm.chart.chart import Chart, Transition
from fsm.errors import DrawingError


def check_template(template: str) -> None:
    """Refuse a template with other fields than {path}, {file} and {line}. Raises DrawingError."""
    try:
        template.format(path="a.py", file="/a.py", line=1)
    except (KeyError, IndexError, ValueError) as problem:
        raise DrawingError(
            f"source={template!r} is not a template: {problem}. Use the fields {{path}} (from the working directory),"
            f" {{file}} (the whole path) and {{line}}, as in 'https://example.org/blob/main/{{path}}#L{{line}}'."
        ) from problem


def state_address(chart: Chart, template: str, index: int) -> str:
    """Where a state was declared; empty without a template or a file.

    >>> from fsm import Final, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(Final, initial=True): ...
    >>> state_address(Lamp.__chart__, "", 1)
    ''
    """
    if not index:
        return _address(template, chart.file, chart.line)
    places = {number: cls.__where__ for cls, number in chart.numbers.items()} if template else {}
    return _address(template, *places.get(index, ("", 0)))


def transition_address(chart: Chart, template: str, transition: Transition) -> str:
    """Where a transition was declared; empty when that was in another file than the machine."""
    name, _, line = transition.where.rpartition(":")
    same = bool(name) and Path(chart.file).name == name
    return _address(template, chart.file, int(line)) if same and line.isdigit() else ""


def _address(template: str, file: str, line: int) -> str:
    if not template or not line or file.startswith("<"):
        return ""
    path, here = Path(file), Path.cwd()
    inside = path.relative_to(here) if path.is_relative_to(here) else Path(path.name)
    return template.format(path=quote(inside.as_posix()), file=quote(path.as_posix()), line=line)
