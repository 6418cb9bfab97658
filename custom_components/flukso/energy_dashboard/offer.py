"""What of a meter is offered for the Energy dashboard, and under which names it is added."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_RESTORED
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.translation import async_get_translations

from ..const import CONF_PRODUCTION_PORTS, CONF_SUPPLY_PORTS, DOMAIN
from ..entity_lookup import enabled_sensor
from ..history.statistics_store import has_statistics
from ..models import FluksoConfigEntry
from .preferences import EnergyPreferences, async_energy_preferences
from .sources import DashboardSource, SourceFinder, Use


@dataclass(frozen=True, slots=True)
class Offer:
    """The sources that can be added, by their use.

    ``left`` is what is in the dashboard and stays as it is, by its names: the sources of all
    integrations, and the single devices of this meter.
    """

    hass: HomeAssistant
    preferences: EnergyPreferences
    texts: Mapping[str, str]
    sources: Mapping[Use, tuple[DashboardSource, ...]]
    left: tuple[str, ...]

    def chosen(self, keys: Mapping[str, Collection[str]]) -> tuple[DashboardSource, ...]:
        """Return the sources with these keys, by their use."""
        return tuple(
            source
            for use, sources in self.sources.items()
            for source in sources
            if source.key in keys.get(use, ())
        )

    @callback
    def suggested(self) -> dict[str, list[str]]:
        """Return the keys of the obvious sources, by their use, where nothing is counted twice.

        Where there is a source of a use already, it may measure the same.
        """
        return {
            use: [
                source.key
                for source in sources
                if source.is_obvious and (use is Use.DEVICES or not self.preferences.count(use))
            ]
            for use, sources in self.sources.items()
        }

    @callback
    def label_of(self, source: DashboardSource) -> str:
        """Return the device of a source, and what its entities are called."""
        ids = [source.energy, *([source.export] if source.export else []), *source.rates]
        names = ", ".join(_entity_name(self.hass, entity_id) for entity_id in ids)
        return f"{_device_name(self.hass, source.energy)}: {names}"

    @callback
    def text(self, key: str, **placeholders: str) -> str:
        """Return a text in the language of Home Assistant."""
        return self.texts[f"component.{DOMAIN}.common.energy_{key}"].format(**placeholders)

    async def async_add(self, chosen: Collection[DashboardSource]) -> list[str]:
        """Add sources behind those that are there, and return their names.

        The only source of a use is named after that, any other one after its device.
        """
        named: list[tuple[DashboardSource, str]] = []
        for source in chosen:
            of_use = [each for each in chosen if each.use is source.use]
            is_only = len(of_use) + self.preferences.count(source.use) == 1
            has_own = source.use is Use.DEVICES or not is_only
            name = _device_name(self.hass, source.energy) if has_own else self.text(source.use)
            named.append((source, name))
        await self.preferences.async_add(named)
        return [name for _, name in named]


async def async_find_offer(hass: HomeAssistant, entry: FluksoConfigEntry) -> Offer | None:
    """Return what of a meter can be added; None if it is not loaded, or without a dashboard."""
    preferences = await async_energy_preferences(hass)
    if preferences is None or entry.state is not ConfigEntryState.LOADED:
        return None
    texts = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    supply, production = (
        [str(port) for port in entry.options.get(option, [])]
        for option in (CONF_SUPPLY_PORTS, CONF_PRODUCTION_PORTS)
    )
    statistic_of = partial(_statistic_of, hass)
    found = SourceFinder(entry.runtime_data.meter, supply, production, statistic_of).find()
    taken = {source.key for source in found if preferences.uses(source.statistics)}
    sources = {
        use: tuple(
            source
            for source in found
            if source.use is use and source.key not in taken and preferences.takes(source)
        )
        for use in Use
    }
    own = {statistic for source in found for statistic in source.statistics}
    left = (
        name or _full_name(hass, statistic) for name, statistic in preferences.entries_beside(own)
    )
    offered = {use: of_use for use, of_use in sources.items() if of_use}
    return Offer(hass, preferences, texts, offered, tuple(left))


def are_apart(sources: Iterable[DashboardSource]) -> bool:
    """Return whether nothing is measured by two of the sources."""
    statistics = [statistic for source in sources for statistic in source.statistics]
    return len(statistics) == len(set(statistics))


def _statistic_of(hass: HomeAssistant, unique_id: str) -> str | None:
    """Return the statistic of a sensor that is there, enabled and recorded."""
    entry = enabled_sensor(hass, unique_id)
    state = hass.states.get(entry.entity_id) if entry else None
    if state is None or state.attributes.get(ATTR_RESTORED):
        return None
    return state.entity_id if has_statistics(hass, state.entity_id) else None


def _full_name(hass: HomeAssistant, statistic: str) -> str:
    state = hass.states.get(statistic)
    return state.name if state else statistic


def _entity_name(hass: HomeAssistant, entity_id: str) -> str:
    entry = er.async_get(hass).async_get(entity_id)
    return (entry.name or entry.original_name if entry else None) or entity_id


def _device_name(hass: HomeAssistant, entity_id: str) -> str:
    entry = er.async_get(hass).async_get(entity_id)
    device_id = entry.device_id if entry else None
    device = dr.async_get(hass).async_get(device_id) if device_id else None
    return (device.name_by_user or device.name if device else None) or entity_id
