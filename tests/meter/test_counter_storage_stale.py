"""State stored while entities of a supply were disabled restores nothing outdated."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from ..broker import Broker
from ..home import value_of
from ..restarts import only, reload, restart
from ..supplies import (
    CLOUDY,
    EXPORT,
    IMPORT,
    METER,
    PLAIN_IMPORT,
    House,
    set_up_with,
    slot,
    total_value,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


@pytest.mark.parametrize("enabled", [[IMPORT], [PLAIN_IMPORT], ["peak_demand"]])
async def test_offsets_of_counters_without_entities_are_stored(
    hass: HomeAssistant, broker: Broker, house: House, enabled: list[str]
) -> None:
    """The counters were reset while only a total followed them."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    only(hass, entry, enabled)
    await reload(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    await restart(hass, broker, entry)
    await house.live(20, CLOUDY)
    only(hass, entry, {IMPORT, EXPORT, PLAIN_IMPORT, "peak_demand"})
    await reload(hass, broker, entry)
    await house.live(2, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) == pytest.approx(
        (75_000 + 900 * 62 / 3600) / 1000, abs=900 * 3 / 3.6e6
    )
    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 62 / 3.6e6, abs=360 * 3 / 3.6e6)
    assert total_value(hass, METER, EXPORT) == 0


async def test_an_entity_that_was_disabled_for_days_restores_nothing_outdated(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(60, CLOUDY, step=5)
    only(hass, entry, {"peak_demand"})
    await reload(hass, broker, entry)
    freezer.tick(86_400)
    house.imported[1] += 8640
    await house.live(780, (2000, 0, 0), step=5)
    await house.live(900, (2000, 0, 0), step=5)
    await house.live(300, (2000, 0, 0), step=5)
    assert total_value(hass, METER, "peak_demand") == 2000

    only(hass, entry, {IMPORT, PLAIN_IMPORT, "demand", "peak_demand"})
    await reload(hass, broker, entry)
    await house.live(10, (2000, 0, 0), step=5)

    assert total_value(hass, METER, "demand") == 2000
    assert total_value(hass, METER, "peak_demand") == 2000
    assert total_value(hass, METER, IMPORT) == pytest.approx(
        8.64 + (360 * 60 + 2000 * 1990) / 3.6e6, abs=2e-5
    )


async def test_a_counter_that_was_disabled_for_days_does_not_return_to_an_old_offset(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """The counters were reset while only the total followed them."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    only(hass, entry, {IMPORT})
    await reload(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(60, (9000, 300, -540))
    before = total_value(hass, METER, IMPORT)

    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    await reload(hass, broker, entry)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) - before == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)
    assert value_of(hass, METER, slot(1, "pplus"), "counter") == pytest.approx(
        5 + (600 * 30 + 9000 * 60) / 3.6e6, abs=9000 * 2 / 3.6e6
    )
