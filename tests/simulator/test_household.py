import pytest

from simulator.household import Home, Minute, climate, minute, power

from .wire_reader import NOON, WINTER_NIGHT

DAY = 86400


def day(start: int, home: Home) -> list[Minute]:
    return [minute(start // 60 + number, home) for number in range(DAY // 60)]


def test_the_same_second_of_the_same_household_is_always_the_same() -> None:
    before = [power(NOON + second, Home(7), 1) for second in range(120)]
    minute.cache_clear()
    assert [power(NOON + second, Home(7), 1) for second in range(120)] == before


def test_another_seed_is_another_household() -> None:
    assert power(NOON, Home(1), 2) != power(NOON, Home(2), 2)


@pytest.mark.parametrize("seed", range(5))
def test_solar_makes_its_phase_export_at_noon_in_summer_and_import_at_night(seed: int) -> None:
    home = Home(seed)
    at_noon = [power(NOON + second, home, 3)[0] for second in range(0, 600, 10)]
    assert sum(at_noon) / len(at_noon) < -300
    assert power(WINTER_NIGHT, home, 3)[0] > 0


def test_without_solar_no_phase_exports() -> None:
    home = Home(3, solar_phase=0)
    assert all(min(map(min, whole.active)) > 0 for whole in day(NOON - DAY // 2, home))


@pytest.mark.parametrize("start", [NOON, WINTER_NIGHT])
def test_a_day_uses_what_a_household_uses(start: int) -> None:
    whole = day(start, Home(4, solar_phase=0))
    energy = sum(sum(map(sum, part.active)) for part in whole) / 3.6e6
    water = sum(sum(part.water) for part in whole)
    assert 5 < energy < 80
    assert 80 < water < 600


def test_gas_burns_more_in_winter_than_in_summer() -> None:
    summer, winter = (
        sum(sum(part.gas) for part in day(start, Home(4))) for start in (NOON, WINTER_NIGHT)
    )
    assert winter > 2 * summer > 0


def test_the_mains_stay_within_what_is_allowed() -> None:
    for whole in day(NOON, Home(5)):
        assert 230 * 0.9 < min(whole.voltage) <= max(whole.voltage) < 230 * 1.1
        assert 0 < whole.distortion < 0.08


def test_power_changes_every_second() -> None:
    powers = [power(NOON + second, Home(6), 1)[0] for second in range(60)]
    assert len(set(powers)) == 60


def test_rooms_have_the_air_of_rooms() -> None:
    indoors, garden = climate(WINTER_NIGHT, Home(8), 1), climate(WINTER_NIGHT, Home(8), 2)
    assert 15 < indoors.temperature < 26
    assert garden.temperature < indoors.temperature
    assert all(20 < air.humidity < 100 and air.light >= 0 for air in (indoors, garden))
