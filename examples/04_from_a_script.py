"""From a script to a machine: before, a function that calls services; after, the same work as a class.

    python examples/04_from_a_script.py

When the script dies in the middle, a seat is taken and nobody knows. The machine goes on, and each call is made once.
"""

from typing import Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, invoke, output
from persistence import open_store


class Agency(Protocol):
    async def book_seat(self, traveller: str) -> str: ...
    async def book_room(self, traveller: str) -> str: ...
    async def release_seat(self, seat: str) -> None: ...


# ---- before


async def book_trip(traveller: str, agency: Agency) -> str:
    seat = await agency.book_seat(traveller)
    try:
        room = await agency.book_room(traveller)
    except RuntimeError as problem:
        await agency.release_seat(seat)  # and when this fails, or the process dies here?
        return f"no trip: {problem}"
    return f"seat {seat}, room {room}"


# ---- after: each `await` became a state, each `except` an edge, each variable a field of the context


class TripData(Context):
    traveller: str
    seat: str = ""
    room: str = ""
    problem: str = ""


class Trip(StateMachine[TripData, Event, str]):
    """A seat and a room, or neither."""

    agency: Agency

    class Flying(State, initial=True): ...

    class Sleeping(State): ...

    class Undoing(State): ...

    class Booked(Final): ...

    class Nothing(Final): ...

    @invoke(Flying)
    async def find_seat(self) -> str:
        return await self.agency.book_seat(self.ctx.traveller)

    @find_seat.done(to=Sleeping)
    def keep_seat(self, ev: Done[str]) -> None:
        self.ctx.seat = ev.data

    @invoke(Sleeping)
    async def find_room(self) -> str:
        return await self.agency.book_room(self.ctx.traveller)

    @find_room.done(to=Booked)
    def keep_room(self, ev: Done[str]) -> None:
        self.ctx.room = ev.data

    @find_room.failed(to=Undoing)
    def no_room(self, ev: Failed) -> None:
        self.ctx.problem = ev.error.message

    @invoke(Undoing)
    async def undo(self) -> None:
        await self.agency.release_seat(self.ctx.seat)

    undone = undo.done(to=Nothing)  # there is no undo.failed: then the trip is parked, and a person has to look

    @output(Booked, Nothing)
    def answer(self) -> str:
        return f"no trip: {self.ctx.problem}" if self.ctx.problem else f"seat {self.ctx.seat}, room {self.ctx.room}"


# ---- the services stay as they are


class SmallAgency:
    async def book_seat(self, traveller: str) -> str:
        print(f"  a seat for {traveller}")
        return "12A"

    async def book_room(self, traveller: str) -> str:
        print(f"  a room for {traveller}?")
        if traveller == "Ben":
            raise RuntimeError("the hotel is full")
        return "7"

    async def release_seat(self, seat: str) -> None:
        print(f"  seat {seat} is free again")


async def main() -> None:
    async with Orchestrator(open_store("memory://"), machines=[Trip], services={Agency: SmallAgency()}) as orchestrator:
        for traveller in ("Ada", "Ben"):
            print("script")
            print(" ", await book_trip(traveller, SmallAgency()))
            print("machine")
            trip = await orchestrator.start(Trip, TripData(traveller=traveller), id=traveller)
            print(" ", await trip.result(timeout=5))


if __name__ == "__main__":
    anyio.run(main)
