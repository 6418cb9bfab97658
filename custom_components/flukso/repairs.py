"""Repairs: counter breaks, and the address of a meter that is not reachable any more."""

from collections.abc import Callable
from hashlib import sha256

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.components.sensor.const import UNIT_CONVERTERS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .formats import plain_name, readable_number, readable_time
from .health.diagnosis import Problem
from .help_pages import help_url
from .meter.channel import Channel
from .meter.counter_channel import CounterChannel
from .meter_search import ADDRESS_SCHEMA, SearchError, async_search_address
from .metering.counter_guard import Break
from .metering.durations import DAY
from .models import FluksoConfigEntry
from .protocol.sensors import Stream
from .redaction import name_and_entity_id
from .sensor_descriptions import description_of

#: The translation keys of a counter that jumped, and of one that started over. The ids of both
#: issues begin with the first.
_COUNTER_BREAK, _STARTED_OVER = "counter_break", "counter_began_anew"
#: How long may have passed at a break of which an earlier version did not store it (s).
_UNKNOWN_DURATION = DAY


@callback
def raise_counter_break(
    hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel, counter_break: Break
) -> None:
    """Create an issue for a counter that continues from another value, with nothing recorded.

    It replaces an older one of the same counter.
    """
    sensor_id = channel.stream.sensor.sensor_id
    name, entity_id = name_and_entity_id(hass, entry, sensor_id)
    issue_ids = f"{_COUNTER_BREAK}_{entry.entry_id}_{_hashed(sensor_id)}_"
    _delete_issues(hass, lambda issue_id: issue_id.startswith(issue_ids))
    started_over = counter_break.new.value < counter_break.old.value
    translation_key = _STARTED_OVER if started_over else _COUNTER_BREAK
    numbers = {"old": counter_break.old.value, "new": counter_break.new.value}
    if counter_break.bookable:
        numbers["difference"] = counter_break.bookable
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{issue_ids}{int(counter_break.new.at)}",
        data={
            "entry_id": entry.entry_id,
            "counter": _hashed(sensor_id),
            "difference": counter_break.bookable or 0,
            "bookable": bool(counter_break.bookable),
        },
        is_fixable=True,
        is_persistent=True,
        learn_more_url=help_url(hass, translation_key),
        severity=ir.IssueSeverity.WARNING,
        translation_key=translation_key,
        translation_placeholders={
            "name": plain_name(name),
            "entity_id": entity_id,
            "seen": readable_time(hass, counter_break.new.at),
            **_readable(hass, channel.stream, numbers),
        },
    )


def _readable(hass: HomeAssistant, stream: Stream, numbers: dict[str, float]) -> dict[str, str]:
    """Return numbers in the unit displayed by default, such as kWh rather than Wh, and the unit."""
    unit: str = stream.unit
    description = description_of(stream)
    if description and (suggested := description.suggested_unit_of_measurement):
        convert = UNIT_CONVERTERS[description.device_class].converter_factory(
            description.native_unit_of_measurement, suggested
        )
        numbers = {name: convert(value) for name, value in numbers.items()}
        unit = suggested
    formatted = {name: readable_number(hass, value, 3) for name, value in numbers.items()}
    return formatted | {"unit": unit}


def _hashed(sensor_id: str) -> str:
    """Return a hash that replaces a sensor id in an issue."""
    return sha256(sensor_id.encode()).hexdigest()[:12]


@callback
def delete_issues(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Delete the issues of a removed meter."""
    _delete_issues(hass, lambda issue_id: entry.entry_id in issue_id)


@callback
def _delete_issues(hass: HomeAssistant, is_one: Callable[[str], bool]) -> None:
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and is_one(issue_id):
            ir.async_delete_issue(hass, domain, issue_id)


class CounterBreakFlow(RepairsFlow):
    """Let the user choose whether the difference of a counter break is recorded.

    ``bookable`` is whether the input can have counted the difference; earlier versions did not
    store it (None).
    """

    def __init__(
        self, entry_id: str, counter: str, difference: float, *, bookable: bool | None
    ) -> None:
        self._entry_id = entry_id
        self._counter = counter
        self._difference = difference
        self._bookable = bookable

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the break, and offer to record the difference if it is possible."""
        if not self._is_possible():
            return await self.async_step_unknown_amount()
        return self.async_show_menu(
            step_id="init",
            menu_options=["carry_on", "book"],
            description_placeholders=self._placeholders,
        )

    async def async_step_unknown_amount(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show a break after which it is not known what could be recorded."""
        return self.async_show_menu(
            step_id="unknown_amount",
            menu_options=["carry_on"],
            description_placeholders=self._placeholders,
        )

    async def async_step_carry_on(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Record nothing: the entity has already continued from its old value."""
        return self.async_create_entry(data={})

    async def async_step_book(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Add the difference to the value of the entity."""
        channel = self._channel()
        if channel is None:
            return self.async_abort(reason="not_loaded")
        if not self._is_possible():
            return await self.async_step_unknown_amount()
        channel.book(self._difference, dt_util.utcnow().timestamp())
        return self.async_create_entry(data={})

    @property
    def _placeholders(self) -> dict[str, str] | None:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return issue.translation_placeholders if issue else None

    def _is_possible(self) -> bool:
        """Return whether the difference may be recorded; unknown until the meter is loaded."""
        if self._bookable is not None:
            return self._bookable
        channel = self._channel()
        if channel is None:
            return True
        return abs(self._difference) <= (channel.guard.fastest or 0) * _UNKNOWN_DURATION

    def _channel(self) -> CounterChannel | None:
        """Return the channel of the counter; None while it is not loaded."""
        entry: FluksoConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        for channel in entry.runtime_data.meter.channels.values():
            is_same_sensor = _hashed(channel.stream.sensor.sensor_id) == self._counter
            if is_same_sensor and isinstance(channel, CounterChannel):
                return channel
        return None


class AddressFlow(RepairsFlow):
    """Let the user change the address of a meter that is not reachable."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Start with the address; what is given here is the id of the issue."""
        return await self.async_step_address()

    async def async_step_address(
        self, user_input: dict[str, str | int] | None = None
    ) -> RepairsFlowResult:
        """Take an address at which this meter is found."""
        entry: FluksoConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or CONF_HOST not in entry.data:
            return self.async_abort(reason="not_direct")
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {"name": entry.title, "host": entry.data[CONF_HOST]}
        if user_input is not None:
            try:
                found = await async_search_address(self.hass, user_input)
                found.require(device_id := entry.data[CONF_DEVICE_ID])
            except SearchError as error:
                errors = error.errors
                placeholders |= error.placeholders
            else:
                data = entry.data | found.data_of(device_id)
                self.hass.config_entries.async_update_entry(entry, data=data)
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="address",
            data_schema=self.add_suggested_values_to_schema(
                ADDRESS_SCHEMA, user_input or entry.data
            ),
            errors=errors,
            description_placeholders=placeholders,
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue."""
    stored = data or {}
    entry_id = str(stored.get("entry_id"))
    if issue_id.startswith(Problem.UNREACHABLE):
        return AddressFlow(entry_id)
    return CounterBreakFlow(
        entry_id,
        str(stored.get("counter")),
        float(stored.get("difference") or 0),
        bookable=None if "bookable" not in stored else bool(stored["bookable"]),
    )
