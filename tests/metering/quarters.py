"""A house whose quarter-hour demand is followed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from custom_components.flukso.metering.demand import QuarterHourDemand

BRUSSELS = ZoneInfo("Europe/Brussels")


def at(*when: int) -> int:
    """A moment of local time."""
    # as many numbers as datetime takes, which a star can't tell
    return int(datetime(*when, tzinfo=BRUSSELS).timestamp())  # type: ignore[misc, arg-type]


BEGIN = at(2026, 5, 12, 10, 0)


class House:
    """A house whose consumption is passed to a demand, second by second."""

    def __init__(self, start: int, demand: QuarterHourDemand | None = None) -> None:
        self.demand = demand or QuarterHourDemand(BRUSSELS)
        self.now = start
        self.energy = 5000.0

    def use(self, watts: float, seconds: int, *, silently: bool = False, step: int = 1) -> None:
        """Use that power for so long; if silently, the next reading includes it."""
        for second in range(self.now + step - 1, self.now + seconds, step):
            self.energy += watts * step / 3600
            if not silently:
                self.demand.take(second, self.energy)
        self.now += seconds


def house_at(*when: int) -> House:
    """Return a house with its first reading at a moment of local time."""
    house = House(at(*when) - 1)
    house.use(0, 1)
    return house


def restarted(house: House) -> None:
    """Restart Home Assistant."""
    state = house.demand.state
    house.demand = QuarterHourDemand(BRUSSELS)
    house.demand.restore(state)
