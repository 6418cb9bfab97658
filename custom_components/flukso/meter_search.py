"""Search for meters where the user says they are: at an address, or behind a topic prefix."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from homeassistant.const import CONF_DEVICE_ID, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .const import CONF_IMPORT_HISTORY, CONF_TOPIC_PREFIX
from .protocol.topics import ANY_PREFIX, OWN_PREFIX, clean_prefix, similar_prefixes
from .protocol.validation import ProtocolError
from .transport.direct import DEFAULT_PORT
from .transport.discovery import (
    Found,
    async_ask_address,
    async_count_sensors,
    async_find_meters,
    async_find_meters_behind_any_prefix,
)
from .transport.home_assistant import HomeAssistantTransport
from .transport.interface import ConnectionState
from .transport.mqtt_connection import ConnectFailure

ADDRESS_SCHEMA = vol.Schema(
    {vol.Required(CONF_HOST): str, vol.Required(CONF_PORT, default=DEFAULT_PORT): cv.port}
)
PREFIX_SCHEMA = vol.Schema({vol.Optional(CONF_TOPIC_PREFIX): str})

_CONNECTION_ERRORS = {
    ConnectionState.MISSING: "mqtt_missing",
    ConnectionState.DISCONNECTED: "mqtt_not_connected",
}


class SearchError(Exception):
    """No meter was found; ``errors`` has a translation key by field of the form."""

    def __init__(self, key: str, field: str = "base", **placeholders: str) -> None:
        super().__init__(key)
        self.errors = {field: key}
        self.placeholders = placeholders


class Search(NamedTuple):
    """The meters that were found, by device id, and the address at which they were, if any.

    ``elsewhere`` is whether they were found behind another prefix than the one that was entered.
    """

    meters: dict[str, Found]
    address: dict[str, str | int]
    elsewhere: bool = False

    def data_of(self, device_id: str) -> dict[str, str | int]:
        """Return the entry data with which a meter is reached."""
        prefix = self.meters[device_id].prefix
        return {CONF_DEVICE_ID: device_id, **self.address, CONF_TOPIC_PREFIX: prefix}

    def remove(self, device_ids: Iterable[str | None]) -> None:
        """Remove meters that are set up already.

        Raises:
            SearchError: no other is left.
        """
        for device_id in device_ids:
            self.meters.pop(str(device_id), None)
        if not self.meters:
            raise SearchError("all_set_up")

    def require(self, device_id: str) -> None:
        """Check that a meter was found.

        Raises:
            SearchError: only others were.
        """
        if device_id not in self.meters:
            raise SearchError("others_there" if self.address else "others_heard")


def import_schema(*, is_direct: bool) -> vol.Schema:
    """Return the schema of whether the meter's past is imported, as it is by default if direct.

    Over a broker, the request for it may not reach the meter.
    """
    return vol.Schema({vol.Optional(CONF_IMPORT_HISTORY, default=is_direct): bool})


def direct_data(host: str, port: int) -> dict[str, str | int]:
    """Return the entry data with which a meter is reached directly, without its device id."""
    return {CONF_HOST: host, CONF_PORT: port, CONF_TOPIC_PREFIX: OWN_PREFIX}


def is_mqtt_set_up(hass: HomeAssistant) -> bool:
    """Return whether meters can be searched for on Home Assistant's broker."""
    return HomeAssistantTransport(hass).connection_state is not ConnectionState.MISSING


async def async_search_address(hass: HomeAssistant, user_input: Mapping[str, object]) -> Search:
    """Find the meters behind the address that was entered.

    Raises:
        SearchError: it can't be connected to, or has no meter.
    """
    host, port = str(user_input[CONF_HOST]).strip(), int(str(user_input[CONF_PORT]))
    if not host:
        raise SearchError(ConnectFailure.UNRESOLVED)
    answer = await async_ask_address(hass, host, port, count_sensors=True)
    if answer.failure is not None:
        raise SearchError(answer.failure)
    if answer.sensors:
        raise SearchError("only_readings_there", sensors=str(answer.sensors))
    if not answer.meters:
        raise SearchError("nothing_there")
    return Search(answer.meters, {CONF_HOST: host, CONF_PORT: port})


async def async_search_prefix(hass: HomeAssistant, user_input: Mapping[str, object]) -> Search:
    """Find the meters on Home Assistant's broker behind the topic prefix that was entered.

    They are also found with a slash more or less at its end, and behind any prefix if none was
    entered and there is no meter without one.

    Raises:
        SearchError: the prefix is invalid, the broker is not connected, or has no such meter.
    """
    try:
        prefix = clean_prefix(str(user_input.get(CONF_TOPIC_PREFIX, "")))
    except ProtocolError as error:
        raise SearchError("invalid_prefix", CONF_TOPIC_PREFIX) from error
    transport = HomeAssistantTransport(hass)
    if transport.connection_state is not ConnectionState.CONNECTED:
        raise SearchError(_CONNECTION_ERRORS[transport.connection_state])
    prefixes = similar_prefixes(prefix)
    meters = await async_find_meters(transport, *prefixes)
    elsewhere = not meters and not prefix.strip("/")
    if elsewhere:
        meters = await async_find_meters_behind_any_prefix(transport)
    if not meters:
        for heard, sensors in (await async_count_sensors(transport, *prefixes)).items():
            if sensors:
                raise SearchError("only_readings_heard", sensors=str(sensors), prefix=heard)
        tried = prefixes + (ANY_PREFIX if elsewhere else ())
        topics = ", ".join(f"{prefix}device/…" for prefix in tried)
        key = "nothing_heard_behind_prefix" if prefix.strip("/") else "nothing_heard"
        raise SearchError(key, topics=topics)
    return Search(meters, {}, elsewhere)
