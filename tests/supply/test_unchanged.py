"""An FLM03 on three phases whose options are untouched has the entities that it always had."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from ..broker import Broker
from ..home import set_up
from ..meters import flm03
from ..supplies import wired


@pytest.mark.parametrize("math", ["none", "p1+p2+p3"])
@pytest.mark.parametrize("country", ["BE", "NL"])
async def test_every_entity_of_three_phases_is_the_same(
    hass: HomeAssistant, broker: Broker, snapshot: SnapshotAssertion, *, math: str, country: str
) -> None:
    """The snapshot was taken before there were other kinds of supply than clamps."""
    hass.config.country = country
    entry = await set_up(hass, broker, wired(flm03(), math=math))

    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert {
        entity.unique_id: (entity.entity_id, entity.original_name, entity.disabled)
        for entity in sorted(registered, key=lambda entity: entity.unique_id)
    } == snapshot
