"""The day that the demo shows: a household's day of some time ago, at the same time of day.

Its readings are dated today. So the household's past joins its present, and the sun is where it is
in the sky. A sunny day in spring or autumn shows most of what a meter measures; a car that charges
with 10 kW would flatten everything else in the pictures.
"""

from simulator.appliances import runs_of_hour
from simulator.household import MINUTE
from simulator.weather import outdoor_temperature, sunlight

HOUR = 60 * MINUTE
DAY = 24 * HOUR
SEED = 0
_YEAR = 365
#: For so many hours before and after now, no car charges.
_BEFORE, _AFTER = 30, 6
#: The temperature of afternoons in spring and autumn (°C): the heating runs, the sun shines.
_COOL = range(8, 15)
_CAR = 3000.0


def days_back(now: int) -> int:
    """Return how many days ago the household lived what the demo shows now.

    It is the same all day (UTC), for the processes of the demo to agree.

    Args:
        now: seconds since the epoch.
    """
    today = now // DAY * DAY
    cool = [back for back in range(1, _YEAR) if _afternoon(today - back * DAY) in _COOL]
    brightest = sorted(cool, key=lambda back: -_sun(today - back * DAY))
    return next(back for back in brightest if not _has_car(today - back * DAY))


def _afternoon(midnight: int) -> int:
    return round(outdoor_temperature(midnight + 14 * HOUR))


def _sun(midnight: int) -> float:
    """Return the light of the day before and of the day itself."""
    return sum(sunlight(midnight + hour * HOUR, SEED) for hour in range(-24, 24))


def _has_car(midnight: int) -> bool:
    """Return whether a car charges in the pictures of any time of that day."""
    return any(
        run.kind == "power" and run.rate > _CAR
        for hour in range(-_BEFORE, 24 + _AFTER)
        for run in runs_of_hour(midnight // HOUR + hour, SEED)
    )
