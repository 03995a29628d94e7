"""Schedules: what is started and sent by the clock, and letting one of them rest."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from fsm.errors import ScheduleUnknown
from visualize.dashboard import api
from visualize.dashboard.routes import Here, Who

router = APIRouter(prefix="/api", tags=["operating"])


class ScheduleLine(BaseModel):
    """Where a schedule stands."""

    name: str
    rhythm: str
    does: str
    next: float
    last: float | None
    said: str
    """What came of the last time."""
    paused: bool


class ScheduleDeed(api.Asked):
    """What somebody wants of a schedule."""

    name: api.Word
    deed: Literal["pause", "resume"]


@router.get("/schedules")
async def schedules(looking: Here) -> list[ScheduleLine]:
    """All schedules, in order of name."""
    return [ScheduleLine.model_validate(row, from_attributes=True) for row in await looking.store.schedules()]


@router.post("/schedules")
async def act(wanted: ScheduleDeed, who: Who, looking: Here) -> list[ScheduleLine]:
    """Let a schedule rest, or go on."""
    if not await looking.store.pause_schedule(wanted.name, paused=wanted.deed == "pause"):
        raise ScheduleUnknown(f"No schedule is named {wanted.name!r} any more; load the page again.")
    return await schedules(looking)
