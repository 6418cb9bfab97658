"""An installation of before, as it is on disk, is updated: nothing that the user refers to changes.

The entities in installation_of_before.json are those of an FLM03 on three phases in Belgium before
their names changed: the unique ids, the entity ids, and whether they are disabled.
"""

import json
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import config_entry
from .meters import flm03
from .supplies import wired

BEFORE: dict[str, tuple[str, bool]] = json.loads(
    Path(__file__).with_name("installation_of_before.json").read_text("utf-8")
)
METER = wired(flm03())


async def test_entity_ids_of_before_the_names_changed_stay_and_go_on(
    hass: HomeAssistant, broker: Broker
) -> None:
    hass.config.country = "BE"
    registry = er.async_get(hass)
    entry = config_entry(METER, options={"power_interval": 5, "other_interval": 30})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=3)
    for unique_id, (entity_id, is_disabled) in BEFORE.items():
        domain, _, object_id = entity_id.partition(".")
        disabled_by = er.RegistryEntryDisabler.INTEGRATION if is_disabled else None
        made = registry.async_get_or_create(
            *(domain, DOMAIN, unique_id),
            config_entry=entry,
            disabled_by=disabled_by,
            suggested_object_id=object_id,
        )
        assert made.entity_id == entity_id

    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    registered = er.async_entries_for_config_entry(registry, entry.entry_id)
    now = {each.unique_id: each for each in registered}
    assert {
        unique_id: (now[unique_id].entity_id, now[unique_id].disabled) for unique_id in BEFORE
    } == {unique_id: tuple(before) for unique_id, before in BEFORE.items()}
    shown = {unique_id: hass.states.get(now[unique_id].entity_id) for unique_id in BEFORE}
    for unique_id, (entity_id, is_disabled) in BEFORE.items():
        state = shown[unique_id]
        assert (state is None) == is_disabled, entity_id
        assert state is None or not state.attributes.get("restored"), entity_id
