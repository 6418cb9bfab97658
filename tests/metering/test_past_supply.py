"""The hours of a supply before its first row."""

from collections.abc import Mapping

from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.mended_outage import Energy
from custom_components.flukso.metering.outages import SupplyEnergies
from custom_components.flukso.metering.past_rows import PastRows
from custom_components.flukso.metering.past_supply import past_supply_rows
from custom_components.flukso.metering.rows import Row

FIRST = Row(10 * HOUR, 5000, 100)


def told(imported: Mapping[float, float]) -> dict[int, SupplyEnergies]:
    """The energies at some times, in hours; the export is the tenth of the import."""
    return {
        int(hours * HOUR): SupplyEnergies(energy, energy / 10) for hours, energy in imported.items()
    }


def test_each_hour_adds_what_was_counted_in_it() -> None:
    replay = told({5: 20.0, 6: 120.0, 7: 150.5})

    imported = past_supply_rows([replay], Energy.IMPORTED, FIRST, since=0)
    exported = past_supply_rows([replay], Energy.EXPORTED, FIRST, since=0)

    assert imported == PastRows(
        [Row(5 * HOUR, 100, 100), Row(6 * HOUR, 130.5, 130.5)], None, impossible=0, missing=None
    )
    assert exported.rows == [Row(5 * HOUR, 10, 10), Row(6 * HOUR, 13.05, 13.05)]
    assert past_supply_rows([replay], Energy.HOUSE, FIRST, since=0) == PastRows([])


def test_what_was_counted_between_two_replays_adds_nothing() -> None:
    replays = [told({5: 0.0, 6: 100.0}), told({8: 7000.0, 9: 7050.0})]

    past = past_supply_rows(replays, Energy.IMPORTED, FIRST, since=0)

    assert past.rows == [Row(5 * HOUR, 100, 100), Row(8 * HOUR, 150, 150)]


def test_the_rows_begin_with_the_hour_that_was_asked_for() -> None:
    replay = told({4: 0.0, 5: 1000.0, 6: 1100.0, 7: 1150.0})

    past = past_supply_rows([replay], Energy.IMPORTED, FIRST, since=5 * HOUR)

    assert past.rows == [Row(5 * HOUR, 100, 100), Row(6 * HOUR, 150, 150)]


def test_the_hour_of_the_first_row_is_told_apart_and_none_after_it() -> None:
    replay = told({9: 0.0, 10: 100.0, 11: 130.25, 12: 900.0})

    past = past_supply_rows([replay], Energy.IMPORTED, FIRST, since=0)

    assert past == PastRows([Row(9 * HOUR, 100, 100)], 30.25)


def test_times_other_than_the_ends_of_hours_have_no_row() -> None:
    replay = told({4.5: 0.0, 5: 100.0, 5.5: 150.0, 6: 200.0})

    past = past_supply_rows([replay], Energy.IMPORTED, FIRST, since=0)

    assert past.rows == [Row(5 * HOUR, 100, 100)]
