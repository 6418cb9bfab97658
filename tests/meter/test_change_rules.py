"""What a change is, by what a stream measures."""

import pytest

from custom_components.flukso.meter.change_rules import change_rule
from custom_components.flukso.meter.write_intervals import Tick, Ticks
from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source, streams_of
from custom_components.flukso.protocol.topics import Kind


def rule_of(source: Source, quantity: Quantity, *, daily_flow: bool = False) -> tuple[object, ...]:
    """The threshold, the share, the digit that is seen, and whether a change is seen at once."""
    sensor = Sensor("0" * 32, quantity, source, Kind.GAUGE, daily_flow=daily_flow)
    rule = change_rule(streams_of(sensor)[-1])
    return rule.threshold, rule.share, rule.digit, rule.prompt


@pytest.mark.parametrize(
    ("source", "quantity", "rule"),
    [
        (Source.CLAMP, Quantity.PPLUS, (15, 0.03, 1, True)),
        (Source.COSEM, Quantity.ELECTRICITY, (15, 0.03, 1, True)),
        (Source.PULSE, Quantity.HEAT, (15, 0.03, 1, True)),
        (Source.CLAMP, Quantity.IRMS, (0.07, 0.03, 0.01, True)),
        (Source.CLAMP, Quantity.Q1, (15, 0, 1, False)),
        (Source.CLAMP, Quantity.VRMS, (0.5, 0, 0.1, False)),
        (Source.CLAMP, Quantity.PF, (0.01, 0, 0.01, False)),
        (Source.CLAMP, Quantity.ITHD, (0.01, 0, 0.01, False)),
        (Source.PULSE, Quantity.TIME, (0.01, 0, 0.01, False)),
        (Source.KUBE, Quantity.TEMPERATURE, (0.05, 0, 0.1, True)),
        (Source.KUBE, Quantity.BATTERY, (0.05, 0, 0.1, True)),
        (Source.KUBE, Quantity.PRESSURE, (5, 0, 10, True)),
        (Source.KUBE, Quantity.OTHER, (0.0005, 0, 0.001, True)),
    ],
)
def test_the_rule_is_that_of_the_quantity(
    source: Source, quantity: Quantity, rule: tuple[object, ...]
) -> None:
    assert rule_of(source, quantity) == rule


def test_a_flow_per_day_has_the_rule_of_the_same_flow_per_second() -> None:
    per_second = rule_of(Source.PULSE, Quantity.WATER)
    per_day = rule_of(Source.PULSE, Quantity.WATER, daily_flow=True)

    assert per_day == (
        pytest.approx(per_second[0] * 86_400),
        per_second[1],
        pytest.approx(per_second[2] * 86_400),
        True,
    )


@pytest.mark.parametrize("phase", [0, 0.4, 2.5, 4.95])
def test_one_tick_in_each_minute_ends_it_in_its_last_5_seconds(phase: float) -> None:
    ticks = Ticks(5)
    times = [1_768_305_600 + phase + 5 * number for number in range(120)]

    ends = [time % 60 for time in times if ticks.next(time).ends_minute]

    assert len(ends) in {9, 10}
    assert all(54.9 <= end < 60 for end in ends)


def test_a_minute_whose_end_was_missed_ends_at_the_next_tick() -> None:
    ticks = Ticks(5)
    begin = 1_768_305_600
    assert not ticks.next(begin + 50).ends_minute

    assert ticks.next(begin + 63).ends_minute
    assert not ticks.next(begin + 68).ends_minute
    assert ticks.last == Tick(15, ends_minute=False)


@pytest.mark.parametrize("back", [2, 20, 60])
@pytest.mark.parametrize("second", [0, 5, 30, 55])
def test_a_clock_that_was_set_back_by_up_to_a_minute_ends_no_minute_again(
    second: int, back: int
) -> None:
    """Else a higher value would be recorded before the one of the minute that has ended."""
    ticks = Ticks(5)
    begin = 1_768_305_600
    times = [*range(begin, begin + 60 + second + 1, 5)]
    times += range(times[-1] + 5 - back, begin + 240, 5)

    ends = [time for time in times if ticks.next(time).ends_minute]

    assert ends == sorted({time // 60: time for time in ends}.values())
    assert {time % 60 for time in ends} <= set(range(55, 60))
    assert (ends[-1] - begin) // 60 == 3


def test_a_clock_that_was_set_back_by_more_ends_minutes_as_before() -> None:
    ticks = Ticks(5)
    begin = 1_768_305_600
    for time in range(begin, begin + 60, 5):
        ticks.next(time)

    ends = [time for time in range(begin - 3600, begin - 3480, 5) if ticks.next(time).ends_minute]

    assert ends == [begin - 3600, begin - 3545, begin - 3485]
