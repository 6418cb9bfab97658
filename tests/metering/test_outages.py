"""Times for which the energies of a supply were booked at once are noted."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.flukso.metering.outages import Outage, Outages, SupplyEnergies

NOON = 1_760_000_000


def energies(imported: float) -> SupplyEnergies:
    """Energies of which only the import matters here."""
    return SupplyEnergies(imported, 0.0)


def book(outages: Outages, *seconds: int) -> None:
    """Book from one second to the next, a Wh each time."""
    for number, (begin, end) in enumerate(pairwise(seconds)):
        outages.note(NOON + begin, energies(number), NOON + end, energies(number + 1))


def test_readings_each_second_or_each_minute_are_no_outage() -> None:
    outages = Outages()
    book(outages, 0, 1, 2, 62, 122)
    assert outages.state == ()


def test_an_outage_is_over_two_minutes_after_it() -> None:
    outages = Outages()
    book(outages, 0, 1, 1000, 1060, 1119)
    outage = Outage(NOON + 1, NOON + 1000, energies(1))
    assert outages.state == (outage,)
    outages.note(NOON + 1119, energies(4), NOON + 1120, energies(5))
    over = replace(outage, settled=NOON + 1120, after=energies(5))
    assert outages.state == (over,)
    outages.note(NOON + 1120, energies(5), NOON + 1121, energies(6))
    assert outages.state == (over,)


def test_two_outages_within_two_minutes_are_one() -> None:
    outages = Outages()
    book(outages, 0, 1000, 1010, 1100, 1160, 1220)
    assert outages.state == (Outage(NOON, NOON + 1100, energies(0), NOON + 1220, energies(5)),)


def test_later_outages_are_noted_after_it() -> None:
    outages = Outages()
    book(outages, 0, 100, 160, 220, 400, 470, 530, 590)
    assert [
        (outage.begin - NOON, outage.end - NOON, outage.settled) for outage in outages.state
    ] == [(0, 100, NOON + 220), (220, 470, NOON + 590)]


def test_an_outage_after_which_the_clock_is_set_back_is_not_kept() -> None:
    outages = Outages()
    book(outages, 0, 1000, 500, 501)
    assert outages.state == ()
    book(outages, 501, 600, 660, 720, 1000, 800, 801)
    assert [outage.begin - NOON for outage in outages.state] == [501]


def test_it_goes_on_after_a_restart() -> None:
    outages = Outages()
    book(outages, 0, 1000)
    restarted = Outages()
    restarted.restore(list(outages.state))
    book(restarted, 1000, 1060, 1120)
    assert restarted.state == (Outage(NOON, NOON + 1000, energies(0), NOON + 1120, energies(2)),)


def test_the_newest_two_hundred_are_kept() -> None:
    outages = Outages()
    book(
        outages,
        *(second for each in range(250) for second in range(1000 * each, 1000 * each + 121, 60)),
    )
    assert len(outages.state) == 200
    assert outages.state[-1].begin == NOON + 248_120


def test_what_was_counted_since_is_the_difference_of_each_energy() -> None:
    counted = SupplyEnergies(50.0, 40.0, 30.0, 20.0).since(SupplyEnergies(1.0, 2.0, 3.0, 4.0))
    assert counted == SupplyEnergies(49.0, 38.0, 27.0, 16.0)


@pytest.mark.parametrize("missing", [energies(1.0), SupplyEnergies(1.0, 1.0, 5.0)])
def test_an_energy_that_is_not_counted_has_no_difference(missing: SupplyEnergies) -> None:
    assert SupplyEnergies(5.0, 4.0, 3.0, 2.0).since(missing).self_consumed is None
    assert missing.since(SupplyEnergies(5.0, 4.0, 3.0, 2.0)).self_consumed is None
