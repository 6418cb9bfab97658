"""Config flow: discover or find Fluksometers, directly or over MQTT, and change how one is reached.

What a device on the network announces is not trusted: it has six digits of a device id, and any
device can send it. So the broker there is asked for the whole id before a card is shown.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
import re
from typing import Any, override

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_DEVICE_ID, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import voluptuous as vol

from .const import CONF_IMPORT_HISTORY, DOMAIN
from .energy_dashboard.step import async_continue_with_energy
from .meter_card import (
    MAX_ANNOUNCED,
    MQTT_SERVICE,
    NAME,
    discovery_key,
    label,
    may_get_card,
    placeholders,
)
from .meter_search import (
    ADDRESS_SCHEMA,
    PREFIX_SCHEMA,
    Search,
    SearchError,
    async_search_address,
    async_search_prefix,
    direct_data,
    import_schema,
    is_mqtt_set_up,
)
from .models import FluksoConfigEntry
from .options_flow import FluksoOptionsFlow
from .protocol.configuration import Configuration, parse_config, read_config
from .protocol.topics import OWN_PREFIX, Report, device_id_of
from .protocol.validation import ProtocolError
from .rediscovery import async_rediscover
from .transport.direct import DEFAULT_PORT
from .transport.discovery import Found, async_ask_announced, async_is_heard, async_read_meter
from .transport.home_assistant import HomeAssistantTransport

#: The host name of a meter has the first digits of its device id.
_HOST_NAME = re.compile(r"\bflukso-([0-9a-f]{6})\b")


class FluksoConfigFlow(ConfigFlow, domain=DOMAIN):
    """One config entry for each meter; its unique id is the meter's device id."""

    VERSION = 4

    def __init__(self) -> None:
        self.announced: tuple[str, str, int] | None = None
        self._found = Search({}, {})
        self._device_id = ""
        self._is_heard = True

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
            prefix = OWN_PREFIX if discovery_info.topic.startswith(OWN_PREFIX) else ""
            device_id = device_id_of(discovery_info.topic, Report.SENSORS, prefix)
            payload = discovery_info.payload
            sensors = read_config(
                payload.encode() if isinstance(payload, str) else bytes(payload), Report.SENSORS
            )
            discovered = Configuration().updated(parse_config(sensors, Report.SENSORS))
        except ProtocolError:
            return self.async_abort(reason="invalid_discovery_info")
        await self.async_set_unique_id(device_id)
        self._abort_if_unique_id_configured()
        received = await async_read_meter(HomeAssistantTransport(self.hass), prefix, device_id)
        meter = discovered if received.sensors is None else received
        self._is_heard = not discovery_info.retain
        return await self._async_show_card(device_id, Found(meter, prefix), {})

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Handle a service that a meter announces: its broker, or its web interface."""
        is_broker = discovery_info.type == MQTT_SERVICE
        port = (discovery_info.port if is_broker else None) or DEFAULT_PORT
        return await self._async_step_announced(discovery_info.name, discovery_info.host, port)

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Handle a device that has got its address under the host name of a meter."""
        name, host = discovery_info.hostname, discovery_info.ip
        return await self._async_step_announced(name, host, DEFAULT_PORT)

    async def _async_step_announced(self, name: str, host: str, port: int) -> ConfigFlowResult:
        """Find out whether the announced meter is at an address."""
        match = _HOST_NAME.search(name.lower())
        if match is None:
            return self.async_abort(reason="invalid_discovery_info")
        digits = match[1]
        self.announced = digits, host, port
        if self._is_asked_already():
            return self.async_abort(reason="already_in_progress")
        for entry in self._async_current_entries(include_ignore=True):
            if str(entry.unique_id).startswith(digits):
                return await self._async_step_known(entry, host, port)
        if not may_get_card(self._async_in_progress(include_uninitialized=True), digits):
            return self.async_abort(reason="already_in_progress")
        meters = (await async_ask_announced(self.hass, host, port, digits)).meters
        if len(meters) != 1:
            return self.async_abort(reason="invalid_discovery_info")
        [(device_id, meter)] = meters.items()
        await self.async_set_unique_id(device_id)
        self._abort_if_unique_id_configured()
        return await self._async_show_card(device_id, meter, {CONF_HOST: host, CONF_PORT: port})

    @callback
    def _is_asked_already(self) -> bool:
        """Return whether another flow asks the same, or too many others ask."""
        unfinished = len(self._async_in_progress(include_uninitialized=True))
        unfinished -= len(self._async_in_progress())
        is_asked = self.hass.config_entries.flow.async_has_matching_flow(self)
        return is_asked or unfinished >= MAX_ANNOUNCED

    @override
    def is_matching(self, other_flow: FluksoConfigFlow) -> bool:
        """Return whether another flow looks into the same announcement."""
        return self.announced == other_flow.announced

    async def _async_step_known(
        self, entry: FluksoConfigEntry, host: str, port: int
    ) -> ConfigFlowResult:
        """Let a meter that is set up connect now, or give it its new address if it has moved."""
        is_direct = CONF_HOST in entry.data and entry.disabled_by is None
        has_moved = is_direct and await async_rediscover(self.hass, entry, host, port)
        await self.async_set_unique_id(entry.unique_id, raise_on_progress=False)
        if is_direct:
            self._abort_if_unique_id_configured(direct_data(host, port) if has_moved else None)
        return self.async_abort(reason="already_configured")

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose how the meter is reached."""
        return await self._async_step_way(step_id="user")

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose how the same meter is reached from now on."""
        if CONF_DEVICE_ID not in self._get_reconfigure_entry().data:
            return self.async_abort(reason="not_migrated")  # of the older integration
        return await self._async_step_way(step_id="reconfigure")

    async def _async_step_way(self, *, step_id: str) -> ConfigFlowResult:
        if not is_mqtt_set_up(self.hass):
            return await self.async_step_direct()
        return self.async_show_menu(step_id=step_id, menu_options=["direct", "broker"])

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Find meters at an address."""
        return await self._async_step_search(
            user_input, ADDRESS_SCHEMA, async_search_address, step_id="direct"
        )

    async def async_step_broker(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Find meters on Home Assistant's broker, with a topic prefix if the bridge adds one."""
        return await self._async_step_search(
            user_input, PREFIX_SCHEMA, async_search_prefix, step_id="broker"
        )

    async def _async_step_search(
        self,
        user_input: dict[str, Any] | None,
        schema: vol.Schema,
        search: Callable[[HomeAssistant, Mapping[str, object]], Awaitable[Search]],
        *,
        step_id: str,
    ) -> ConfigFlowResult:
        """Show a form until meters are found with it; then choose one, or change the entry."""
        is_new = self.source != SOURCE_RECONFIGURE
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            try:
                self._found = await search(self.hass, user_input)
                if is_new:
                    self._found.remove(self._async_current_ids(include_ignore=False))
                    return await self.async_step_meter()
                return self._change_entry()
            except SearchError as error:
                errors, placeholders = error.errors, error.placeholders
        elif not is_new:
            user_input = dict(self._get_reconfigure_entry().data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _change_entry(self) -> ConfigFlowResult:
        """Let the entry reach its meter as found; raise an error if only others were found.

        An entry that was never loaded since an update is not migrated yet. Its data are those of
        version 3 from now on, and its options are migrated when it is loaded.
        """
        entry = self._get_reconfigure_entry()
        device_id = entry.data[CONF_DEVICE_ID]
        self._found.require(device_id)
        self.hass.config_entries.async_update_entry(entry, version=max(entry.version, 3))
        return self.async_update_reload_and_abort(entry, data=self._found.data_of(device_id))

    async def async_step_meter(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose one of the meters that were found."""
        meters = self._found.meters
        if user_input is not None:
            self._device_id = user_input[CONF_DEVICE_ID]
        elif len(meters) == 1 and not self._found.elsewhere:
            self._device_id = next(iter(meters))
        else:
            options = [
                SelectOptionDict(
                    value=device_id,
                    label=label(
                        device_id,
                        meter.configuration,
                        meter.prefix if self._found.elsewhere else None,
                    ),
                )
                for device_id, meter in sorted(meters.items())
            ]
            selector = SelectSelector(SelectSelectorConfig(options=options))
            first = vol.UNDEFINED if len(meters) > 1 else next(iter(meters))
            field = vol.Required(CONF_DEVICE_ID, default=first)
            return self.async_show_form(step_id="meter", data_schema=vol.Schema({field: selector}))
        await self.async_set_unique_id(self._device_id, raise_on_progress=False)
        prefix, is_direct = meters[self._device_id].prefix, CONF_HOST in self._found.address
        key = discovery_key(self._device_id, prefix, is_direct=is_direct)
        self.context["discovery_key"] = key
        self._is_heard = is_direct
        return await self.async_step_confirm()

    async def _async_show_card(
        self, device_id: str, meter: Found, address: dict[str, str | int]
    ) -> ConfigFlowResult:
        """Let a discovered meter wait until the user adds it."""
        self._device_id, self._found = device_id, Search({device_id: meter}, address)
        self.context["title_placeholders"] = {"name": f"{NAME} {device_id[:6]}"}
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the meter, and create its entry unless another flow has done so meanwhile.

        This step is taken again whenever the card is opened.
        """
        self._abort_if_unique_id_configured()
        if user_input is None:
            meter = self._found.meters[self._device_id]
            if not self._is_heard:
                transport = HomeAssistantTransport(self.hass)
                self._is_heard = await async_is_heard(transport, self._device_id, meter)
            show = partial(
                self.async_show_form,
                data_schema=import_schema(is_direct=CONF_HOST in self._found.address),
                description_placeholders=placeholders(self._device_id, meter.configuration),
            )
            return show(step_id="confirm") if self._is_heard else show(step_id="confirm_silent")
        others = self._async_current_entries(include_ignore=False)
        is_wished = user_input.get(CONF_IMPORT_HISTORY, False)
        return self.async_create_entry(
            title=f"{NAME} {self._device_id[:6]}" if others else NAME,
            data=self._found.data_of(self._device_id),
            options={CONF_IMPORT_HISTORY: True} if is_wished else {},
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Show next what of the meter can be added to the Energy dashboard."""
        return await async_continue_with_energy(self.hass, result)

    async def async_step_confirm_silent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Confirm a meter of which nothing but what a broker retained was received."""
        return await self.async_step_confirm(user_input)
