"""A task reads what its row keeps as text."""

from __future__ import annotations

from dataclasses import replace

from fsm.ports.task import Act, Task

TASK = Task("a/t.1", "a", "M", "t", 1, "S", '{"type": "object"}', "", "ann", 1.0, due=60.0)


def test_what_is_kept_as_text_is_read_as_data() -> None:
    acts = '[{"verb": "claim", "by": "ann", "at": 2.0}, {"verb": "reassign", "by": "ann", "at": 3.0, "to": "bob"}]'
    task = replace(TASK, outcome='{"yes":true}', acts=acts)
    assert (task.schema, task.answer, TASK.answer) == ({"type": "object"}, {"yes": True}, None)
    assert task.history == (Act("claim", "ann", 2.0), Act("reassign", "ann", 3.0, to="bob"))


def test_only_what_can_be_done_is_overdue() -> None:
    assert (TASK.overdue(59.0), TASK.overdue(60.0)) == (False, True)
    assert not replace(TASK, status="completed").overdue(61.0)
    assert not replace(TASK, due=None).overdue(61.0)
