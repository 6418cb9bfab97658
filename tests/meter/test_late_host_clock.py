"""A host without a battery that starts after a blackout with the time of before."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..clock import play
from ..home import set_up, value_of
from ..meters import Meter, flm02, reading, three_clamps
from ..restarts import restart

#: How long the blackout lasts (s).
BLACKOUT = 3 * 3600


@pytest.mark.parametrize("meter", [three_clamps(), flm02()], ids=["FLM03", "FLM02"])
@pytest.mark.parametrize("set_after", [20, 90, None], ids=["soon", "later", "never"])
async def test_what_was_used_in_the_blackout_is_counted(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    meter: Meter,
    set_after: int | None,
) -> None:
    """The meter went on with the right time; NTP sets the clock of the host at some time."""
    entry = await set_up(hass, broker, meter)
    topic, late = meter.topic(1, "counter"), 0

    def speak(second: int) -> list[tuple[str, str]]:
        nonlocal late
        if second == set_after:
            freezer.tick(timedelta(seconds=late))
            late = 0
        return [(topic, reading(value + second, "Wh", age=-late))]

    value = 2_000_000
    await play(hass, broker, freezer, 60, speak)
    before = value_of(hass, meter, 1, "counter")
    late, value = BLACKOUT, 2_006_060
    await restart(hass, broker, entry)

    await play(hass, broker, freezer, 180, speak)

    assert value_of(hass, meter, 1, "counter") == pytest.approx(before + 6.2, abs=0.1)
    assert [
        issue.translation_key
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    ] == []
