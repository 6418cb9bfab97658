"""The weather over the household: sun, clouds, temperature, air pressure.

A northern temperate place, 51° north, on a clock one hour ahead of UTC all year.
"""

from math import cos, pi, radians, sin

from .random_values import wander

UTC_OFFSET = 3600
LATITUDE = radians(51.0)
YEAR = 365.2425 * 86400
SOLSTICE = 355.0 / 365.2425  # 21 December, as a share of the year


def sun_height(second: int) -> float:
    """Return the sine of the sun's elevation, negative at night."""
    season = 2 * pi * (second / YEAR - SOLSTICE)
    declination = radians(-23.44) * cos(season)
    hour_angle = 2 * pi * ((second + UTC_OFFSET) % 86400 / 86400 - 0.5)
    return sin(LATITUDE) * sin(declination) + cos(LATITUDE) * cos(declination) * cos(hour_angle)


def sunlight(second: int, seed: int) -> float:
    """Return the share of full sunlight that reaches the ground, 0 to 1, clouds passing."""
    height = sun_height(second)
    if height <= 0:
        return 0.0
    overcast = 0.75 * wander(second / 40000, seed, "overcast")
    passing = 0.6 * wander(second / 1500, seed, "cloud") + 0.4 * wander(second / 200, seed, "wisp")
    return float(height**1.15) * (1.0 - overcast * passing)


def outdoor_temperature(second: int) -> float:
    """Return the outdoor temperature in °C: the year's swing and the day's."""
    season = cos(2 * pi * (second / YEAR - SOLSTICE - 0.06))
    day = cos(2 * pi * ((second + UTC_OFFSET) % 86400 / 86400 - 0.62))
    return 11.0 - 8.0 * season + 4.0 * day


def air_pressure(second: int, seed: int) -> float:
    """Return the air pressure in Pa, which takes a day or two to change."""
    return 99800.0 + 3200.0 * wander(second / 130000, seed, "pressure")
