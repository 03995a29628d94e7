"""The routes: what can be asked, each with its answer; everything else is in the modules that they call."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from persistence.overview import Search
from visualize.dashboard import acting, api, past
from visualize.dashboard.access import COOKIE, SESSION_SECONDS, Access, Visitor
from visualize.dashboard.feed import Feed
from visualize.dashboard.looking import Looking

REFUSALS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "The request cannot be read.",
        401: "Nobody is signed in.",
        403: "This person, or this page, may not.",
        404: "There is no such thing.",
        409: "It does not fit what is there now.",
        413: "It is too large.",
        414: "The address is too long.",
        422: "It does not validate.",
        429: "Too often, or too many.",
        501: "Something optional is not installed.",
        503: "The store or the server cannot do it now.",
    }
)
"""What any request may be answered with, as a problem document."""


def _looking(request: Request) -> Looking:
    found: Looking = request.app.state.looking
    return found


def _feed(request: Request) -> Feed:
    found: Feed = request.app.state.feed
    return found


def _access(request: Request) -> Access:
    found: Access = request.app.state.access
    return found


def _visitor(request: Request) -> Visitor:
    found: Visitor | None = request.scope.get("visitor")
    if found is None:
        raise HTTPException(401, "Sign in with a token.")
    return found


Here = Annotated[Looking, Depends(_looking)]
Feeds = Annotated[Feed, Depends(_feed)]
Doorkeeper = Annotated[Access, Depends(_access)]
Who = Annotated[Visitor, Depends(_visitor)]
Id = Annotated[api.Word, Query(description="The id of the instance.")]


class Picture(Response):
    """A picture."""

    media_type = "image/svg+xml"


class Listening(StreamingResponse):
    """A feed on its way to somebody; it takes a place as long as it lasts."""

    media_type = "text/event-stream"
    feed: Feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of the two has had enough."""
        with self.feed.place():
            await super().__call__(scope, receive, send)


router = APIRouter(prefix="/api")


@router.get("/session", tags=["people"])
async def session(who: Who, access: Doorkeeper) -> api.Session:
    """Who asks, and what they may do."""
    person = who.person
    return api.Session(actor=person.name, role=person.role, csrf=access.csrf(who), leaves=who.means == "cookie")


@router.post("/session", tags=["people"], status_code=204)
async def sign_in(wanted: api.SignIn, access: Doorkeeper, request: Request) -> Response:
    """Exchange a token for a cookie that only this page can use."""
    person = access.person_of(wanted.token)
    if person is None:
        raise HTTPException(401, "This token is not known here.")
    answer = Response(status_code=204)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, access.cookie(person), SESSION_SECONDS, httponly=True, samesite="strict", secure=secure)
    return answer


@router.delete("/session", tags=["people"], status_code=204)
async def sign_out() -> Response:
    """Give the cookie back."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.get("/overview", tags=["machines"])
async def overview(feed: Feeds) -> api.Overview:
    """All machines, and where their instances stand."""
    return await feed.overview()


@router.get("/machine", tags=["machines"])
async def machine(name: api.Word, looking: Here) -> api.MachineChart:
    """The diagram of a machine."""
    return await looking.chart(name)


@router.get("/instances", tags=["instances"])
async def instances(
    looking: Here,
    machine: api.Word | None = None,
    status: Annotated[list[api.StatusName] | None, Query(max_length=10)] = None,
    state: Annotated[list[api.Word] | None, Query(max_length=50)] = None,
    tag: api.Text = "",
    text: Annotated[api.Text, Query(description="A part of the id.")] = "",
    key: Annotated[api.Text, Query(description="A sender's key of one of its events.")] = "",
    attribute: Annotated[
        list[api.Named] | None, Query(max_length=10, description="NAME=VALUE of what its class is searched by.")
    ] = None,
    older: Annotated[api.Seconds | None, Query(description="Started at least so many seconds ago.")] = None,
    younger: Annotated[api.Seconds | None, Query(description="Started at most so many seconds ago.")] = None,
    after: Annotated[api.Text, Query(description="Go on after this id.")] = "",
    limit: Annotated[int, Query(ge=1, le=api.LIST_MAX)] = 100,
) -> api.Page:
    """The instances that are looked for, in order of id."""
    now = time.time()
    wanted = Search(
        machine=machine,
        statuses=status or (),
        states=state or (),
        text=text,
        key=key,
        attributes=[(name, value) for name, _, value in (one.partition("=") for one in attribute or ())],
        started_after=None if younger is None else now - younger,
        started_before=None if older is None else now - older,
        after=after,
        limit=limit,
    )
    return await looking.page(wanted, tag)


@router.get("/instance", tags=["instances"])
async def instance(id: Id, looking: Here) -> api.Standing:
    """An instance as it is now."""
    return await looking.standing(id)


@router.get("/history", tags=["instances"])
async def history(
    id: Id,
    looking: Here,
    after: Annotated[int, Query(ge=-1, le=api.SEQ_MAX)] = -1,
    limit: Annotated[int, Query(ge=1, le=api.LIST_MAX)] = 200,
) -> api.Journal:
    """The journal of an instance, oldest first."""
    return await past.turns(looking, id, after, limit)


@router.get("/moment", tags=["instances"])
async def moment(id: Id, seq: Annotated[int, Query(ge=1, le=api.SEQ_MAX)], looking: Here) -> api.Moment:
    """An instance as it was after a turn, and what that turn changed."""
    return await past.moment(looking, id, seq)


@router.get(
    "/timeline", tags=["instances"], response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}}
)
async def timeline(id: Id, looking: Here) -> Response:
    """The life of an instance as SVG, without colours of its own."""
    return Picture(await past.timeline(looking, id))


@router.get("/acts", tags=["instances"])
async def acts(id: Id, looking: Here) -> list[api.Act]:
    """What people did with an instance."""
    return await past.acts(looking, id)


@router.get("/incidents", tags=["operating"])
async def incidents(
    looking: Here,
    resolved: bool = False,
    id: Annotated[api.Word | None, Query(description="Of this instance only.")] = None,
    limit: Annotated[int, Query(ge=1, le=api.LIST_MAX)] = 200,
) -> list[api.Trouble]:
    """Why instances are parked, the latest first; with `resolved` also why they were."""
    return await looking.incidents(resolved=resolved, id=id, limit=limit)


@router.get("/workers", tags=["operating"])
async def workers(looking: Here) -> list[api.WorkerLine]:
    """Who runs instances."""
    return await looking.workers()


@router.post("/events", tags=["operating"])
async def send(wanted: api.Sending, who: Who, looking: Here) -> api.Outcome:
    """Send an event to an instance; it is durable when this answers."""
    return await acting.send(looking, wanted, who.person.name)


@router.post("/controls", tags=["operating"])
async def control(wanted: api.Control, who: Who, looking: Here) -> api.Outcome:
    """Retry, skip, resolve, pause, resume, cancel or terminate an instance."""
    return await acting.control(looking, wanted, who.person.name)


@router.post("/rewind", tags=["operating"])
async def rewind(wanted: api.Rewinding, who: Who, looking: Here) -> api.Outcome:
    """Go back to what an instance was after a turn, by a turn of its own that the journal keeps."""
    return await acting.rewind(looking, wanted, who.person.name)


@router.post("/fork", tags=["operating"])
async def fork(wanted: api.Forking, who: Who, looking: Here) -> api.Forked:
    """Begin another instance from what one was after a turn; a worker goes on with it."""
    return await acting.fork(looking, wanted, who.person.name)


@router.get("/feed", tags=["feeds"], response_class=Listening)
async def feed(
    looking: Here,
    feed: Feeds,
    id: Annotated[api.Word | None, Query(description="Of this instance; else the overview.")] = None,
    after: Annotated[int, Query(ge=-1, le=api.SEQ_MAX, description="The last turn that was seen.")] = -1,
    last_event_id: Annotated[str, Header(max_length=api.SEEN_CHARS_MAX)] = "",
) -> Response:
    """What changes, as server-sent events; `Last-Event-ID` goes on where a feed was cut off."""
    if feed.full:
        raise HTTPException(503, "Too many pages listen already; close one.", {"retry-after": "5"})
    if id is None:
        content = feed.of_all(last_event_id)
    else:
        await looking.loaded(id)
        seen = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else after
        content = feed.of_instance(id, seen)
    answer = Listening(feed.heard(content))
    answer.feed = feed
    return answer
