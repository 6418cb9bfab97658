"""Config flow: discover or find Fluksometers over MQTT, and change their topic prefix."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_MQTT,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_DEVICE_ID, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.discovery_flow import DiscoveryKey
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
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
import voluptuous as vol

from .const import (
    CONF_FILL_GAPS,
    CONF_OTHER_INTERVAL,
    CONF_POWER_INTERVAL,
    CONF_SUPPLY_PORTS,
    CONF_TOPIC_PREFIX,
    CONF_WAVEFORM_INTERVAL,
    DEFAULT_OTHER_INTERVAL,
    DEFAULT_POWER_INTERVAL,
    DEFAULT_WAVEFORM_INTERVAL,
    DOMAIN,
)
from .metering.durations import HOUR
from .models import FluksoConfigEntry
from .protocol.configuration import Configuration, parse_config, read_config
from .protocol.topics import Report, clean_prefix, device_id_of, report_topic
from .protocol.validation import ProtocolError
from .supply.phases import clamp_names
from .transport.discovery import async_find_meters, async_read_meter
from .transport.home_assistant import HomeAssistantTransport
from .transport.interface import ConnectionState

_NAME = "Fluksometer"
#: The options with an interval: its default and its minimum (s).
_INTERVALS = {
    CONF_POWER_INTERVAL: (DEFAULT_POWER_INTERVAL, 0),
    CONF_OTHER_INTERVAL: (DEFAULT_OTHER_INTERVAL, 0),
    CONF_WAVEFORM_INTERVAL: (DEFAULT_WAVEFORM_INTERVAL, DEFAULT_WAVEFORM_INTERVAL),
}
_CONNECTION_ERRORS = {
    ConnectionState.MISSING: "mqtt_missing",
    ConnectionState.DISCONNECTED: "mqtt_not_connected",
}


class FluksoConfigFlow(ConfigFlow, domain=DOMAIN):
    """One config entry for each meter; its unique id is the meter's device id."""

    VERSION = 2

    def __init__(self) -> None:
        self._meters: dict[str, Configuration] = {}
        self._device_id = ""
        self._prefix = ""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: FluksoConfigEntry) -> FluksoOptionsFlow:
        """Return the options flow of a meter."""
        return FluksoOptionsFlow()

    @override
    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """Handle a meter's config/sensor message found by discovery; abort if it is invalid."""
        try:
            self._device_id = device_id_of(discovery_info.topic, Report.SENSORS)
            payload = discovery_info.payload
            sensors = read_config(
                payload.encode() if isinstance(payload, str) else bytes(payload), Report.SENSORS
            )
            discovered = Configuration().updated(parse_config(sensors, Report.SENSORS))
        except ProtocolError:
            return self.async_abort(reason="invalid_discovery_info")
        await self.async_set_unique_id(self._device_id)
        self._abort_if_unique_id_configured()
        received = await async_read_meter(HomeAssistantTransport(self.hass), self._device_id)
        self._meters = {self._device_id: discovered if received.sensors is None else received}
        self.context["title_placeholders"] = {"name": f"{_NAME} {self._device_id[:6]}"}
        return await self.async_step_confirm()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Find meters, with a topic prefix if the bridge adds one."""
        error = None
        if user_input is not None:
            error = await self._async_listen(user_input)
            if error is None:
                error = self._remove_configured()
            if error is None:
                return await self.async_step_meter()
        return self._prefix_form(user_input, error, step_id="user")

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Find the same meter with another topic prefix."""
        entry = self._get_reconfigure_entry()
        error = None
        if user_input is not None:
            error = await self._async_listen(user_input)
            if error is None and entry.data[CONF_DEVICE_ID] not in self._meters:
                error = "others_heard"
            if error is None:
                return self.async_update_reload_and_abort(
                    entry, data_updates={CONF_TOPIC_PREFIX: self._prefix}
                )
        suggested = entry.data if user_input is None else user_input
        return self._prefix_form(suggested, error, step_id="reconfigure")

    def _prefix_form(
        self, suggested: Mapping[str, Any] | None, error: str | None, *, step_id: str
    ) -> ConfigFlowResult:
        field = CONF_TOPIC_PREFIX if error == "invalid_prefix" else "base"
        schema = vol.Schema({vol.Optional(CONF_TOPIC_PREFIX): str})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors={} if error is None else {field: error},
        )

    async def _async_listen(self, user_input: dict[str, Any]) -> str | None:
        """Find the meters with the prefix; returns the key of an error, or None."""
        try:
            self._prefix = clean_prefix(user_input.get(CONF_TOPIC_PREFIX, ""))
        except ProtocolError:
            return "invalid_prefix"
        transport = HomeAssistantTransport(self.hass)
        if transport.connection_state is not ConnectionState.CONNECTED:
            return _CONNECTION_ERRORS[transport.connection_state]
        self._meters = await async_find_meters(transport, self._prefix)
        if self._meters:
            return None
        return "nothing_heard_behind_prefix" if self._prefix else "nothing_heard"

    def _remove_configured(self) -> str | None:
        """Remove meters that are set up already; returns the key of an error, or None."""
        for device_id in self._async_current_ids(include_ignore=False):
            self._meters.pop(str(device_id), None)
        return None if self._meters else "all_set_up"

    async def async_step_meter(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose one of the meters that were found."""
        if user_input is not None:
            self._device_id = user_input[CONF_DEVICE_ID]
        elif len(self._meters) == 1:
            self._device_id = next(iter(self._meters))
        else:
            options = [
                SelectOptionDict(value=device_id, label=f"{_model(meter)} {device_id[:6]}")
                for device_id, meter in sorted(self._meters.items())
            ]
            selector = SelectSelector(SelectSelectorConfig(options=options))
            return self.async_show_form(
                step_id="meter", data_schema=vol.Schema({vol.Required(CONF_DEVICE_ID): selector})
            )
        await self.async_set_unique_id(self._device_id, raise_on_progress=False)
        self.context["discovery_key"] = _discovery_key(self._device_id)
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the meter, and create its entry unless another flow has done so meanwhile."""
        self._abort_if_unique_id_configured()
        if user_input is None:
            self._set_confirm_only()
            return self.async_show_form(
                step_id="confirm",
                description_placeholders=_placeholders(
                    self._device_id, self._meters[self._device_id]
                ),
            )
        others = self._async_current_entries(include_ignore=False)
        return self.async_create_entry(
            title=f"{_NAME} {self._device_id[:6]}" if others else _NAME,
            data={CONF_DEVICE_ID: self._device_id, CONF_TOPIC_PREFIX: self._prefix},
        )


class FluksoOptionsFlow(OptionsFlowWithReload):
    """The intervals of states, whether gaps are filled, and the ports of the supply."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options, or save them."""
        if user_input is not None:
            options: dict[str, Any] = {option: int(user_input[option]) for option in _INTERVALS}
            options[CONF_FILL_GAPS] = bool(user_input[CONF_FILL_GAPS])
            if ports := user_input.get(CONF_SUPPLY_PORTS):
                options[CONF_SUPPLY_PORTS] = [int(port) for port in ports]
            return self.async_create_entry(data=options)
        options = dict(self.config_entry.options)
        fields: dict[vol.Marker, object] = {
            vol.Required(option, default=options.get(option, default)): _seconds(minimum)
            for option, (default, minimum) in _INTERVALS.items()
        }
        fill_gaps = vol.Required(CONF_FILL_GAPS, default=options.get(CONF_FILL_GAPS, True))
        fields[fill_gaps] = BooleanSelector()
        chosen = options.get(CONF_SUPPLY_PORTS, [])
        if names := self._clamps(chosen):
            suggestion = {"suggested_value": [str(port) for port in chosen]}
            fields[vol.Optional(CONF_SUPPLY_PORTS, description=suggestion)] = _port_selector(names)
        return self.async_show_form(step_id="init", data_schema=vol.Schema(fields))

    def _clamps(self, chosen: list[int]) -> dict[int, str | None]:
        """Return the clamps of the meter by port, with their names, and the ports chosen before."""
        names: dict[int, str | None] = dict.fromkeys(chosen)
        entry: FluksoConfigEntry = self.config_entry
        if entry.state is ConfigEntryState.LOADED:
            names |= clamp_names(entry.runtime_data.meter.configuration)
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


def _port_selector(names: dict[int, str | None]) -> SelectSelector:
    options = [
        SelectOptionDict(value=str(port), label=f"{port}: {name}" if name else str(port))
        for port, name in sorted(names.items())
    ]
    return SelectSelector(
        SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    )


def _discovery_key(device_id: str) -> DiscoveryKey:
    """Return the key with which discovery offers a meter again once its entry is removed."""
    topic = report_topic("", device_id, Report.SENSORS)
    return DiscoveryKey(domain=SOURCE_MQTT, key=topic, version=1)


def _model(meter: Configuration) -> str:
    return f"{_NAME} {meter.model}"


def _placeholders(device_id: str, meter: Configuration) -> Mapping[str, str]:
    """Return the placeholders of the confirm form."""
    enabled = meter.sensors.enabled if meter.sensors else ()
    return {
        "model": _model(meter),
        "id": device_id[:6],
        "sensors": str(len(enabled)),
        "ports": ", ".join(meter.names) or "–",
    }
