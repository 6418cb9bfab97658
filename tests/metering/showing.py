"""Let a value that is written when it changes follow readings, as a channel does."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from custom_components.flukso.metering.on_change import TICK, ChangeRule, OnChange

MINUTE = 60
POWER = ChangeRule(15, 1, share=0.03, prompt=True, allowance=1500)
VOLTAGE = ChangeRule(0.5, 0.1, allowance=300)


@dataclass
class Run:
    """What is shown of readings that come every second, and when another value was shown."""

    shown: list[float] = field(default_factory=list)
    values: list[tuple[int, float]] = field(default_factory=list)


def show(readings: Sequence[float], rule: ChangeRule = POWER) -> Run:
    """Let a value follow readings, and return what is shown of them."""
    gauge, run = OnChange(rule), Run()
    for second, reading in enumerate(readings):
        assert gauge.take(second, reading, second)
        is_another = gauge.begin() is not None if not second else False
        if gauge.out_of_range:
            is_another = gauge.follow() or is_another
        if second % TICK == 0:
            is_another = gauge.tick(ends_minute=second % MINUTE == 55) or is_another
        assert gauge.shown is not None
        run.shown.append(gauge.shown)
        if is_another:
            run.values.append((second, gauge.shown))
    return run
