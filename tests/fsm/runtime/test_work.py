"""A reply reaches everybody who waits, whether it is good or bad."""

from __future__ import annotations

import anyio
import pytest

from fsm.chart.event import Started
from fsm.errors import InstanceEnded
from fsm.runtime.work import Reply, Work
from tests.fsm.runtime.desk import settled

pytestmark = pytest.mark.anyio


async def test_a_failure_reaches_everybody_who_waits() -> None:
    work = Work("event", "r", "Add", Started(), replies=[Reply(), Reply()])
    heard: list[str] = []

    async def wait(reply: Reply) -> None:
        with pytest.raises(InstanceEnded):
            await reply.wait()
        heard.append("ended")

    async with anyio.create_task_group() as group:
        for reply in list(work.replies):
            group.start_soon(wait, reply)
        await settled()
        work.fail(InstanceEnded("over"))
    assert heard == ["ended", "ended"]
    assert not work.replies


async def test_a_reply_given_before_anybody_waits_is_kept() -> None:
    reply = Reply()
    reply.fail(InstanceEnded("over"))
    with pytest.raises(InstanceEnded):
        await reply.wait()
