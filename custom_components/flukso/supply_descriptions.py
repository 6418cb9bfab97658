"""The sensor descriptions of energies and powers that are computed from those of the meter."""

from dataclasses import replace

from .sensor_descriptions import (
    ENERGY,
    POWER,
    REACTIVE_POWER,
    FluksoSensorDescription,
    translation_key_of,
)

#: Descriptions of the import and export of a net counter by their key.
NET_COUNTER = {
    key: replace(ENERGY, key=key, translation_key=key) for key in ("energy_import", "energy_export")
}


def _of_supply(
    key: str, description: FluksoSensorDescription, *, enabled: bool = True, belgian: bool = False
) -> FluksoSensorDescription:
    return replace(
        description,
        key=key,
        translation_key=translation_key_of(key, description.device_class, "supply_"),
        entity_registry_enabled_default=enabled,
        belgian=belgian,
    )


#: Descriptions of the totals of a supply by their key.
TOTALS = {
    description.key: description
    for description in (
        _of_supply("power", POWER),
        _of_supply("active_power_import", POWER),
        _of_supply("active_power_export", POWER),
        _of_supply("net_active_power", POWER),
        _of_supply("reactive_power", REACTIVE_POWER, enabled=False),
        _of_supply("energy", ENERGY),
        _of_supply("active_energy_import", ENERGY, enabled=False),
        _of_supply("active_energy_export", ENERGY, enabled=False),
        _of_supply("netted_energy_import", ENERGY),
        _of_supply("netted_energy_export", ENERGY),
        _of_supply("house_power", POWER),
        _of_supply("house_energy", ENERGY),
        _of_supply("self_consumption", ENERGY),
        _of_supply("demand", POWER, belgian=True),
        _of_supply("expected_demand", POWER, belgian=True),
        _of_supply("last_demand", POWER, belgian=True),
        _of_supply("peak_demand", POWER, belgian=True),
        _of_supply("mean_peak_demand", POWER, belgian=True),
    )
}
