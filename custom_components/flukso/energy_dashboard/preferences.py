"""The preferences of the Energy dashboard, the only module that imports Home Assistant's energy.

They are no public API: where they are not to be had, or look otherwise, nothing is offered.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
import logging
from typing import TYPE_CHECKING, cast

from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .sources import DashboardSource, Use

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyManager, EnergyPreferencesUpdate

_LOGGER = logging.getLogger(__name__)

type _Entry = dict[str, object]

#: The keys of an entry of the preferences that have ids of statistics, and are no prices.
_STATISTICS = ("stat_energy_from", "stat_energy_to", "stat_rate", "stat_consumption")

#: What the dashboard's own page writes for a price that is not set.
_NO_PRICE: _Entry = {"stat_cost": None, "entity_energy_price": None, "number_energy_price": None}
_NO_PRICES = _NO_PRICE | {
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
}
_BESIDES: dict[Use, _Entry] = {
    Use.GRID: {"stat_energy_to": None, "cost_adjustment_day": 0.0, **_NO_PRICES},
    Use.SOLAR: {"config_entry_solar_forecast": None},
    Use.GAS: _NO_PRICE,
    Use.WATER: _NO_PRICE,
}


class EnergyPreferences:
    """What is in the Energy dashboard; what is there already is never changed."""

    def __init__(
        self,
        manager: EnergyManager,
        check_sources: Callable[[list[_Entry]], object],
        check_device: Callable[[_Entry], object],
    ) -> None:
        self._manager = manager
        self._check_sources, self._check_device = check_sources, check_device
        self._lists()

    def _lists(self) -> tuple[list[_Entry], list[_Entry]]:
        """Return the sources and the single devices.

        Raises:
            KeyError, TypeError, AttributeError: the preferences look otherwise.
        """
        preferences = self._manager.data or self._manager.default_preferences()
        data = cast("Mapping[str, Iterable[_Entry]]", preferences)
        sources, devices = list(data["energy_sources"]), list(data["device_consumption"])
        for entry in (*sources, *devices):
            entry.get("type")
        return sources, devices

    @callback
    def uses(self, statistics: Collection[str]) -> bool:
        """Return whether one of these statistics is in the dashboard."""
        sources, devices = self._lists()
        used = {each for entry in (*sources, *devices) for each in _statistics_of(entry)}
        return not used.isdisjoint(statistics)

    @callback
    def entries_beside(self, statistics: Collection[str]) -> list[tuple[str | None, str]]:
        """Return the name and a statistic of each source, and of each device with one of these."""
        sources, devices = self._lists()
        own = (each for each in devices if not set(statistics).isdisjoint(_statistics_of(each)))
        entries = ((entry.get("name"), _statistics_of(entry)) for entry in (*sources, *own))
        return [(str(name) if name else None, ids[0]) for name, ids in entries if ids]

    @callback
    def count(self, use: Use) -> int:
        """Return how many sources of a use there are."""
        return sum(entry.get("type") == use for entry in self._lists()[0])

    @callback
    def takes(self, source: DashboardSource) -> bool:
        """Return whether the dashboard of this release takes a source in the form it is added."""
        entry = _entry_of(source, "")
        try:
            if source.use is Use.DEVICES:
                self._check_device(entry)
            else:
                self._check_sources([entry])
        except vol.Invalid as error:
            _LOGGER.debug(
                "The Energy dashboard does not take a source of %s: %s", source.use, error
            )
            return False
        return True

    async def async_add(self, named: Sequence[tuple[DashboardSource, str]]) -> None:
        """Add sources, each with its name, behind those that are there.

        The lists are read and written without a wait in between, so nothing is lost that
        somebody else adds at the same time.
        """
        sources, devices = self._lists()
        for source, name in named:
            entries = devices if source.use is Use.DEVICES else sources
            entries.append(_entry_of(source, name))
        update = {"energy_sources": sources, "device_consumption": devices}
        await self._manager.async_update(cast("EnergyPreferencesUpdate", update))


async def async_energy_preferences(hass: HomeAssistant) -> EnergyPreferences | None:
    """Return the preferences; None without an Energy dashboard, or if they look otherwise."""
    if "energy" not in hass.config.components:
        return None
    try:
        from homeassistant.components.energy import data  # noqa: PLC0415 # may not exist

        return EnergyPreferences(
            await data.async_get_manager(hass),
            data.ENERGY_SOURCE_SCHEMA,
            data.DEVICE_CONSUMPTION_SCHEMA,
        )
    except (ImportError, AttributeError, KeyError, TypeError) as error:
        _LOGGER.warning("Home Assistant's Energy dashboard has changed: %r", error)
        return None


def _statistics_of(entry: _Entry) -> list[str]:
    power = entry.get("power_config")
    powers = power.values() if isinstance(power, dict) else ()
    values = [entry.get(key) for key in _STATISTICS]
    return [value for value in (*values, *powers) if isinstance(value, str)]


def _entry_of(source: DashboardSource, name: str) -> _Entry:
    """Return a source as the dashboard's own page would write it."""
    entry: _Entry = {"name": name} if name else {}
    if source.use is Use.DEVICES:
        entry["stat_consumption"] = source.energy
    else:
        entry |= {"type": source.use.value, **_BESIDES[source.use]}
        entry["stat_energy_from"] = source.energy
    if source.export is not None:
        entry["stat_energy_to"] = source.export
    match source.rates:
        case (rate,) if source.use is not Use.GRID:
            entry["stat_rate"] = rate
        case (rate,):
            entry["power_config"] = {"stat_rate": rate}
        case (imported, exported):
            entry["power_config"] = {"stat_rate_from": imported, "stat_rate_to": exported}
    return entry
