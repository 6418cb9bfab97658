"""Options flow: intervals, whether gaps are filled, the ports of supply and production."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import (
    CONF_FILL_GAPS,
    CONF_OTHER_INTERVAL,
    CONF_POWER_INTERVAL,
    CONF_PRODUCTION_PORTS,
    CONF_SUPPLY_PORTS,
    CONF_WAVEFORM_INTERVAL,
    DEFAULT_WAVEFORM_INTERVAL,
)
from .metering.durations import HOUR
from .models import FluksoConfigEntry
from .protocol.configuration import Configuration
from .supply.phases import electricity_ports, in_order, production_ports

#: The options with an interval of states, which are written on change without one.
_INTERVALS = (CONF_POWER_INTERVAL, CONF_OTHER_INTERVAL)
#: The options with ports, and which ports they offer.
_PORTS = {CONF_SUPPLY_PORTS: electricity_ports, CONF_PRODUCTION_PORTS: production_ports}


class FluksoOptionsFlow(OptionsFlowWithReload):
    """The intervals of states, whether gaps are filled, and the ports of supply and production."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options, or save them."""
        if user_input is not None:
            intervals = (*_INTERVALS, CONF_WAVEFORM_INTERVAL)
            options: dict[str, Any] = {
                option: int(user_input[option]) for option in intervals if option in user_input
            }
            options[CONF_FILL_GAPS] = bool(user_input[CONF_FILL_GAPS])
            for option in _PORTS:
                if ports := user_input.get(option):
                    options[option] = [int(port) if port.isdigit() else port for port in ports]
            return self.async_create_entry(data=options)
        options = dict(self.config_entry.options)
        fields: dict[vol.Marker, object] = {
            vol.Optional(option, description={"suggested_value": options.get(option)}): _seconds(
                minimum=0
            )
            for option in _INTERVALS
        }
        interval = options.get(CONF_WAVEFORM_INTERVAL, DEFAULT_WAVEFORM_INTERVAL)
        waveforms = vol.Required(CONF_WAVEFORM_INTERVAL, default=interval)
        fields[waveforms] = _seconds(minimum=DEFAULT_WAVEFORM_INTERVAL)
        fill_gaps = vol.Required(CONF_FILL_GAPS, default=options.get(CONF_FILL_GAPS, True))
        fields[fill_gaps] = BooleanSelector()
        for option, offered in _PORTS.items():
            chosen = [str(port) for port in options.get(option, [])]
            if names := self._names(chosen, offered):
                suggestion = {"suggested_value": chosen}
                fields[vol.Optional(option, description=suggestion)] = _port_selector(names)
        return self.async_show_form(step_id="init", data_schema=vol.Schema(fields))

    def _names(
        self, chosen: list[str], offered: Callable[[Configuration], dict[str, str | None]]
    ) -> dict[str, str | None]:
        """Return the ports that are offered, and those chosen before, with their names."""
        names: dict[str, str | None] = dict.fromkeys(chosen)
        entry: FluksoConfigEntry = self.config_entry
        if entry.state is ConfigEntryState.LOADED:
            names |= offered(entry.runtime_data.meter.configuration)
        return names


def _seconds(minimum: int) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=minimum,
            max=HOUR,
            step=1,
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfTime.SECONDS,
        )
    )


def _port_selector(names: dict[str, str | None]) -> SelectSelector:
    options = [
        SelectOptionDict(value=port, label=f"{port}: {names[port]}" if names[port] else port)
        for port in in_order(names)
    ]
    return SelectSelector(
        SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    )
