"""Options flow: the settings, the Energy dashboard, and checking the installation."""

from asyncio import Task
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import UnitOfTime
from homeassistant.exceptions import HomeAssistantError
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
from homeassistant.helpers.translation import async_get_translations
import voluptuous as vol

from .const import (
    CONF_FILL_GAPS,
    CONF_IMPORT_HISTORY,
    CONF_OTHER_INTERVAL,
    CONF_POWER_INTERVAL,
    CONF_PRODUCTION_PORTS,
    CONF_SUPPLY_PORTS,
    CONF_WAVEFORM_INTERVAL,
    DEFAULT_WAVEFORM_INTERVAL,
    DOMAIN,
)
from .energy_dashboard.step import EnergyFlow
from .installation_report import PortReport, async_check_installation, async_report_texts
from .metering.durations import HOUR
from .models import FluksoConfigEntry
from .protocol.configuration import Configuration
from .supply.phases import electricity_ports, in_order, production_ports, supply_ports

#: The options with an interval of states, which are written on change without one.
_INTERVALS = (CONF_POWER_INTERVAL, CONF_OTHER_INTERVAL)
#: The choice of the ports of the supply that follows the meter's settings.
AUTOMATIC = "automatic"
#: The options with ports, and which ports they offer.
_PORTS = {CONF_SUPPLY_PORTS: electricity_ports, CONF_PRODUCTION_PORTS: production_ports}


class FluksoOptionsFlow(EnergyFlow):
    """The settings of a meter; adding it to the Energy dashboard, and checking its clamps."""

    _check: Task[Sequence[PortReport]] | None = None

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu, or the options if there is nothing else to choose."""
        if self.follows_on_adding():
            return await self.async_step_energy()
        entry: FluksoConfigEntry = self.config_entry
        is_loaded = entry.state is ConfigEntryState.LOADED
        menu = ["settings"]
        if await self.has_energy_step():
            menu.append("energy")
        if is_loaded and entry.runtime_data.waveforms.oscilloscopes():
            menu.append("check_installation")
        if len(menu) == 1:
            return await self.async_step_settings()
        return self.async_show_menu(step_id="init", menu_options=menu)

    async def async_step_check_installation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Listen to the clamps for some seconds."""
        if self._check is None:
            check = async_check_installation(self.hass, self.config_entry)
            self._check = self.hass.async_create_background_task(check, "flukso check")
        if not self._check.done():
            return self.async_show_progress(
                step_id="check_installation",
                progress_action="check_installation",
                progress_task=self._check,
            )
        return self.async_show_progress_done(next_step_id="checked")

    async def async_step_checked(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what was found at each port."""
        check, self._check = self._check, None
        if TYPE_CHECKING:
            assert check is not None  # this step follows it
        try:
            reports = check.result()
        except HomeAssistantError as error:
            return self.async_abort(
                reason="check_failed", description_placeholders={"error": str(error)}
            )
        texts = await async_report_texts(self.hass)
        results = "\n".join(f"- {texts.of_port(report)}" for report in reports)
        return self.async_show_menu(
            step_id="checked",
            menu_options=["check_installation", "init"],
            description_placeholders={"results": results},
        )

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the options, or save them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not _is_ambiguous(user_input.get(CONF_SUPPLY_PORTS, [])):
                chosen = _options(user_input)
                if CONF_IMPORT_HISTORY in self.config_entry.options:
                    chosen[CONF_IMPORT_HISTORY] = True  # it was chosen before, and has not begun
                return self.async_create_entry(data=chosen)
            errors[CONF_SUPPLY_PORTS] = "automatic_and_ports"
        options = self.config_entry.options if user_input is None else user_input
        return self.async_show_form(
            step_id="settings", data_schema=await self._async_schema(options), errors=errors
        )

    async def _async_schema(self, options: Mapping[str, Any]) -> vol.Schema:
        """Return the form, filled in with options; an FLM02 sends no waveforms."""
        fields: dict[vol.Marker, object] = {
            vol.Optional(option, description={"suggested_value": options.get(option)}): _seconds(
                minimum=0
            )
            for option in _INTERVALS
        }
        configuration = self._configuration()
        if configuration.model != "FLM02":
            interval = options.get(CONF_WAVEFORM_INTERVAL, DEFAULT_WAVEFORM_INTERVAL)
            waveforms = vol.Required(CONF_WAVEFORM_INTERVAL, default=interval)
            fields[waveforms] = _seconds(minimum=DEFAULT_WAVEFORM_INTERVAL)
        fill_gaps = vol.Required(CONF_FILL_GAPS, default=options.get(CONF_FILL_GAPS, True))
        fields[fill_gaps] = BooleanSelector()
        for option, offered in _PORTS.items():
            chosen = [str(port) for port in options.get(option, [])]
            names = _labels(dict.fromkeys(chosen) | offered(configuration))
            if not names:
                continue
            if option == CONF_SUPPLY_PORTS:
                names = {AUTOMATIC: await self._async_automatic(configuration)} | names
                chosen = chosen or [AUTOMATIC]
            fields[vol.Optional(option, description={"suggested_value": chosen})] = _select(names)
        return vol.Schema(fields)

    def _configuration(self) -> Configuration:
        """Return the configuration of the meter, empty while it is not loaded."""
        entry: FluksoConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return Configuration()
        return entry.runtime_data.meter.configuration

    async def _async_automatic(self, configuration: Configuration) -> str:
        """Return what the automatic choice of ports is called, with the ports that it is now."""
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "common", [DOMAIN]
        )
        ports = supply_ports(configuration, ())
        key = "automatic_ports" if ports else "automatic_without_ports"
        return texts[f"component.{DOMAIN}.common.{key}"].format_map({"ports": ", ".join(ports)})


def _is_ambiguous(ports: list[str]) -> bool:
    """Return whether ports were chosen beside the automatic choice."""
    return AUTOMATIC in ports and len(ports) > 1


def _options(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a form that was filled in."""
    intervals = (*_INTERVALS, CONF_WAVEFORM_INTERVAL)
    options: dict[str, Any] = {
        option: int(user_input[option]) for option in intervals if option in user_input
    }
    options[CONF_FILL_GAPS] = bool(user_input[CONF_FILL_GAPS])
    for option in _PORTS:
        chosen = [port for port in user_input.get(option, []) if port != AUTOMATIC]
        if chosen:
            options[option] = [int(port) if port.isdigit() else port for port in chosen]
    return options


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


def _labels(names: Mapping[str, str | None]) -> dict[str, str]:
    """Return what each port is called, in the order of their numbers."""
    return {
        port: f"{port}: {names[port]}" if names[port] else port
        for port in in_order(port for port in names if port != AUTOMATIC)
    }


def _select(labels: Mapping[str, str]) -> SelectSelector:
    options = [SelectOptionDict(value=value, label=label) for value, label in labels.items()]
    return SelectSelector(
        SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    )
