from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.house_energy import HouseEnergy, HouseEnergyState

from .one_reading import take_grid, take_production


def house_of(*production: str, step: float = 0) -> HouseEnergy:
    """Return a house whose counters had their first reading in second 100."""
    house = HouseEnergy(dict.fromkeys(production, step))
    take_grid(house, 100, 5000, 70)
    for key in production:
        take_production(house, key, 100, 0)
    return house


def energies(house: HouseEnergy) -> tuple[float, float]:
    """Return the energy of the house and the self-consumption, to be compared."""
    return pytest.approx(house.house), pytest.approx(house.self_consumed)


def test_there_is_nothing_before_every_counter_had_a_reading() -> None:
    house = HouseEnergy({"a": 0, "b": 0})
    assert house.state is None
    take_production(house, "a", 100, 5)
    take_grid(house, 100, 5000, 70)
    assert house.state is None
    take_production(house, "b", 100, 900)
    assert house.state == HouseEnergyState(100, 5000, 70, {"a": 5, "b": 900}, 0, 0)


def test_it_begins_with_the_first_second_of_which_all_is_known() -> None:
    house = HouseEnergy({"a": 0})
    for second in range(100, 106):
        take_production(house, "a", second, 5 * second)
    take_grid(house, 104, 5000, 70)
    take_grid(house, 105, 5000, 72)
    assert energies(house) == (3, 3)


def test_many_readings_at_once_count_as_one_after_the_other() -> None:
    grid = [(100 + n, 5000.0 + 2 * n, 70.0 + n // 3) for n in range(20)]
    produced = {
        key: ([100 + n for n in range(20)], [scale * n for n in range(20)])
        for key, scale in (("a", 1.0), ("b", 3.0))
    }
    one, many = (HouseEnergy(dict.fromkeys(produced, 0)) for _ in range(2))

    many.take(grid[:5], {"a": ([100, 101], [0.0, 1.0]), "b": ((), ())})
    assert not many.is_known
    many.take(grid[5:], {"a": (produced["a"][0][2:], produced["a"][1][2:])})
    many.take((), {"b": produced["b"], "a": ((), ())})
    for second, imported, exported in grid:
        take_grid(one, second, imported, exported)
        for key, (times, values) in produced.items():
            take_production(one, key, second, values[times.index(second)])

    assert many.is_known
    assert energies(many) == (one.house, one.self_consumed)
    assert one.self_consumed > 50


def test_without_production_the_house_uses_what_it_imports() -> None:
    house = house_of("a")
    take_grid(house, 101, 5002, 70)
    take_production(house, "a", 101, 0)
    assert energies(house) == (2, 0)


def test_what_of_the_production_is_not_exported_is_self_consumption() -> None:
    house = house_of("a")
    take_grid(house, 101, 5000, 73)
    take_production(house, "a", 101, 5)
    assert energies(house) == (2, 2)


def test_it_is_compared_second_by_second_where_production_is_measured_every_second() -> None:
    """In one second all is used, in the other all is exported, and more than was produced."""
    house = house_of("a")
    for second, exported, produced in ((101, 0, 5), (102, 6, 10)):
        take_production(house, "a", second, produced)
        take_grid(house, second, 5000, 70 + exported)
    assert energies(house) == (5, 5)


def test_the_energy_of_a_pulse_belongs_to_all_the_time_since_the_one_before() -> None:
    house = house_of("pulses")
    for second in range(101, 161):
        take_grid(house, second, 5000, 70 + (second - 100) / 10)
    assert energies(house) == (0, 0)
    take_production(house, "pulses", 150, 10)
    assert energies(house) == (5, 5)


def test_pulses_that_come_more_often_than_every_second_are_not_counted_too_high() -> None:
    """Five pulses in two seconds are dated as two and three; most of them are exported."""
    house = house_of("pulses", step=1)
    for second in range(101, 701):
        take_grid(house, second, 5000, 70 + 2.4 * (second - 100))
        take_production(house, "pulses", second, 5 * (second - 100) // 2)
    assert energies(house) == (60, 60)


def test_more_export_than_production_is_not_made_up_for_beyond_two_pulses() -> None:
    house = house_of("pulses", step=1)
    take_grid(house, 200, 5000, 170)
    take_production(house, "pulses", 200, 10)
    take_production(house, "pulses", 300, 20)
    take_grid(house, 300, 5000, 170)
    assert energies(house) == (8, 8)


def test_a_pulse_waits_for_the_grid() -> None:
    house = house_of("pulses")
    take_production(house, "pulses", 110, 10)
    assert energies(house) == (0, 0)
    take_grid(house, 120, 5000, 74)
    assert energies(house) == (8, 8)


def test_several_sources_add_up() -> None:
    house = house_of("clamp", "pulses")
    for second in range(101, 111):
        take_grid(house, second, 5000, 70 + 2 * (second - 100))
        take_production(house, "clamp", second, second - 100)
    take_production(house, "pulses", 110, 15)
    assert energies(house) == (5, 5)


def test_a_restart_loses_nothing_and_counts_nothing_twice() -> None:
    house = house_of("a")
    take_grid(house, 101, 5002, 73)
    take_production(house, "a", 101, 5)
    take_grid(house, 102, 5003, 74)
    state = house.state
    assert state is not None

    after = HouseEnergy({"a": 0, "b": 0})
    after.restore(state)
    assert energies(after) == (5, 2)
    take_production(after, "b", 150, 9000)
    take_production(after, "a", 200, 15)
    take_grid(after, 200, 5010, 76)
    take_production(after, "b", 200, 9002)
    assert after.house - after.self_consumed == 10
    assert after.self_consumed == pytest.approx(2 + 12 - 3)


def test_what_is_stored_is_of_the_second_up_to_which_all_is_booked() -> None:
    house = house_of("a")
    take_grid(house, 102, 5000, 72)
    for second in (101, 102, 103):
        take_production(house, "a", second, 4 * (second - 100))
    assert house.state == HouseEnergyState(102, 5000, 72, {"a": 8}, 6, 6)


def test_a_source_that_is_none_any_more_is_not_waited_for_after_a_restart() -> None:
    state = house_of("a", "b").state
    assert state is not None
    after = HouseEnergy({"a": 0})
    after.restore(state)

    take_grid(after, 101, 5002, 70)
    take_production(after, "a", 101, 5)

    assert energies(after) == (7, 5)


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    house = house_of("a")
    for second in (1001, 501, 502, 503):
        take_grid(house, second, 5000, 70)
        take_production(house, "a", second, 4)
    assert energies(house) == (4, 4)
    take_grid(house, 504, 5001, 70)
    take_production(house, "a", 504, 6)
    assert energies(house) == (7, 6)


STEPS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(1, 30)),
    max_size=30,
)


@given(STEPS)
def test_self_consumption_is_at_most_the_production_and_never_less_than_what_is_not_exported(
    steps: list[tuple[int, int, int, int]],
) -> None:
    house, imported, exported, produced, time = house_of("a"), 5000, 70, 0, 100
    last = (0.0, 0.0)
    for more_import, more_export, more_produced, seconds in steps:
        imported, exported = imported + more_import, exported + more_export
        produced, time = produced + more_produced, time + seconds
        take_grid(house, time, imported, exported)
        take_production(house, "a", time, produced)
        assert house.house >= last[0]
        assert house.self_consumed >= last[1]
        assert max(produced - (exported - 70), 0) - 1e-6 <= house.self_consumed <= produced + 1e-6
        assert house.house - house.self_consumed == pytest.approx(imported - 5000)
        last = house.house, house.self_consumed


@given(STEPS, st.permutations(("grid", "a", "b")))
def test_the_order_of_the_messages_of_a_second_makes_no_difference(
    steps: list[tuple[int, int, int, int]], order: list[str]
) -> None:
    houses = [house_of("a", "b") for _ in range(2)]
    imported, exported, time = 5000, 70, 100
    produced = {"a": 0, "b": 0}
    for more_import, more_export, more_produced, seconds in steps:
        imported, exported, time = imported + more_import, exported + more_export, time + seconds
        produced = {"a": produced["a"] + more_produced, "b": produced["b"] + 1}
        for house, each in zip(houses, (("grid", "a", "b"), order), strict=True):
            for what in each:
                if what == "grid":
                    take_grid(house, time, imported, exported)
                else:
                    take_production(house, what, time, produced[what])
    assert houses[0].state == houses[1].state
