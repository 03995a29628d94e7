"""Parallel regions and history: a radio whose sound and light live side by side, and that remembers its station.

python examples/03_regions_and_history.py
"""

from fsm import Event, Final, History, Parallel, State, StateMachine, all_done, edge, in_state


class Power(Event): ...


class Next(Event): ...


class Louder(Event): ...


class Ring(Event):
    """The telephone."""


class HungUp(Event): ...


class Wear(Event):
    """Ten years go by."""


class Radio(StateMachine):
    """A radio for the kitchen."""

    class Off(State, initial=True): ...

    class Playing(Parallel):
        """All regions of a parallel state are active at once; one event may move several."""

        class Sound(State):
            class News(State, initial=True): ...

            class Jazz(State): ...

            class Gone(Final): ...

        class Volume(State):
            class Low(State, initial=True): ...

            class High(State): ...

            class Gone(Final): ...

        # Where the radio was when it was left, down to the innermost states.
        class Before(History, deep=True): ...

    class Waiting(State):
        """Somebody is on the telephone."""

    class Scrap(Final): ...

    start = edge(Power, Off, to=Playing)
    stop = edge(Power, Playing, to=Off)

    to_jazz = edge(Next, Playing.Sound.News, to=Playing.Sound.Jazz)
    to_news = edge(Next, Playing.Sound.Jazz, to=Playing.Sound.News)

    # A guard may look at the neighbours: jazz may be loud, the news may not.
    louder = edge(Louder, Playing.Volume.Low, to=Playing.Volume.High, when=in_state(Playing.Sound.Jazz))

    ring = edge(Ring, Playing, to=Waiting)
    hung_up = edge(HungUp, Waiting, to=Playing.Before)

    # One event, two regions: each takes its own edge. When all regions are final, the parallel state is done.
    sound_dies = edge(Wear, Playing.Sound, to=Playing.Sound.Gone)
    volume_dies = edge(Wear, Playing.Volume, to=Playing.Volume.Gone)
    scrapped = all_done(Playing, to=Scrap)


def main() -> None:
    """An evening with the radio."""
    radio = Radio.rehearse()

    def show(what: str) -> None:
        print(f"{what:<12}", ", ".join(sorted(radio.configuration)))

    radio.send(Power())
    show("power")
    radio.send(Next())
    radio.send(Louder())
    show("loud jazz")
    radio.send(Ring())
    show("telephone")
    radio.send(HungUp())
    show("hung up")  # not the news at low volume, where Playing begins

    kept = radio.snapshot().to_json()  # history is part of every snapshot
    radio = Radio.rehearse(snapshot=kept)
    show("restored")

    radio.send(Wear())
    show("worn out")
    print("done:", radio.done)


if __name__ == "__main__":
    main()
