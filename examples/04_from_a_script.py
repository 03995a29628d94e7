"""From a script to a machine: before, a function that calls services; after, the same work as a class.

    python examples/04_from_a_script.py

The script below is how most of us begin. When it dies in line three, the seat is taken and nobody knows; when it is
run again, the seat is taken twice. The machine says the same in states, and each call is made once.
"""

from typing import Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, invoke, output
from persistence import open_store


class Airline(Protocol):
    async def book(self, traveller: str) -> str: ...
    async def release(self, seat: str) -> None: ...


class Hotel(Protocol):
    async def book(self, traveller: str) -> str: ...


# ---- before


async def book_trip(traveller: str, airline: Airline, hotel: Hotel) -> str:
    """The script."""
    seat = await airline.book(traveller)
    try:
        room = await hotel.book(traveller)
    except RuntimeError as problem:
        await airline.release(seat)  # and when this fails, or the process dies here?
        return f"no trip: {problem}"
    return f"seat {seat}, room {room}"


# ---- after: each `await` became a state, each `except` became an edge, each variable a field of the context


class TripData(Context):
    traveller: str
    seat: str = ""
    room: str = ""
    problem: str = ""


class Trip(StateMachine[TripData, Event, str]):
    """A flight and a room, or neither."""

    airline: Airline
    hotel: Hotel

    class Flying(State, initial=True): ...

    class Sleeping(State): ...

    class Undoing(State): ...

    class Booked(Final): ...

    class Nothing(Final): ...

    @invoke(Flying)
    async def find_seat(self) -> str:
        return await self.airline.book(self.ctx.traveller)

    @find_seat.done(to=Sleeping)
    def keep_seat(self, ev: Done[str]) -> None:
        self.ctx.seat = ev.data

    @find_seat.failed(to=Nothing)
    def no_seat(self, ev: Failed) -> None:
        self.ctx.problem = ev.error.message

    @invoke(Sleeping)
    async def find_room(self) -> str:
        return await self.hotel.book(self.ctx.traveller)

    @find_room.done(to=Booked)
    def keep_room(self, ev: Done[str]) -> None:
        self.ctx.room = ev.data

    @find_room.failed(to=Undoing)
    def no_room(self, ev: Failed) -> None:
        self.ctx.problem = ev.error.message

    @invoke(Undoing)
    async def release_seat(self) -> None:
        await self.airline.release(self.ctx.seat)

    released = release_seat.done(to=Nothing)  # a release that fails parks the trip: somebody has to look

    @output(Booked)
    def itinerary(self) -> str:
        return f"seat {self.ctx.seat}, room {self.ctx.room}"

    @output(Nothing)
    def regret(self) -> str:
        return f"no trip: {self.ctx.problem}"


# ---- the services stay as they are


class SmallAirline:
    async def book(self, traveller: str) -> str:
        print(f"  airline: a seat for {traveller}")
        return "12A"

    async def release(self, seat: str) -> None:
        print(f"  airline: {seat} is free again")


class FullHotel:
    async def book(self, traveller: str) -> str:
        print(f"  hotel: a room for {traveller}?")
        if traveller == "Ben":
            raise RuntimeError("the hotel is full")
        return "7"


async def main() -> None:
    """The same trips, both ways."""
    for traveller in ("Ada", "Ben"):
        print(f"script, {traveller}")
        print(" ", await book_trip(traveller, SmallAirline(), FullHotel()))
    services = {Airline: SmallAirline(), Hotel: FullHotel()}
    async with Orchestrator(open_store("memory://"), machines=[Trip], services=services) as orchestrator:
        for traveller in ("Ada", "Ben"):
            print(f"machine, {traveller}")
            trip = await orchestrator.start(Trip, TripData(traveller=traveller), id=traveller)
            print(" ", await trip.result(timeout=5))


if __name__ == "__main__":
    anyio.run(main)
