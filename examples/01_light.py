"""A first machine, in memory: a lamp with a timer. Nothing is stored, and time is ours to turn.

python examples/01_light.py
"""

from fsm import Context, Event, State, StateMachine, after, edge, on_enter
from fsm.errors import NotAccepted
from visualize import to_text


class Press(Event):
    """Events are pydantic models; this one carries nothing."""


class Break(Event): ...


class Lamp(Context):
    """The data that the machine carries, typed."""

    times: int = 0


class Light(StateMachine[Lamp, Press | Break]):
    """A lamp in a stairway: it goes out by itself."""

    # States are classes inside the class; the path of a state is its id.
    class Off(State, initial=True): ...

    class On(State):
        class Bright(State, initial=True): ...

        class Dim(State): ...

    class Broken(State): ...

    # An edge says: on this event, from this state, to that one. An edge from On holds in Bright and in Dim.
    switch_on = edge(Press, Off, to=On)
    switch_off = edge(Press, On, to=Off)
    warn = after("50s", On.Bright, to=On.Dim)
    go_out = after("10s", On.Dim, to=Off)
    fall = edge(Break, to=Broken)  # from anywhere

    # What happens is a method; data live in self.ctx.
    @on_enter(On)
    def count(self) -> None:
        self.ctx.times += 1


def main() -> None:
    """Press, wait, look."""
    light = Light.rehearse()
    print("at first     ", *light.configuration)

    light.send(Press())
    print("pressed      ", *light.configuration)

    light.advance("55s")  # the clock of a rehearsal is virtual
    print("after 55 s   ", *light.configuration)

    light.advance("5s")
    print("5 s later    ", *light.configuration, f"(was on {light.ctx.times}×)")

    light.send(Break())
    try:
        light.send(Press())
    except NotAccepted as refusal:  # every error says what, where, why, and what to do
        print("broken       ", refusal)

    print()
    print(to_text(light))


if __name__ == "__main__":
    main()
