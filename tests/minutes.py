"""Home Assistant over the minutes, and what it tells the user meanwhile."""

from collections.abc import Mapping

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .meters import Meter
from .timers import fire_due_timers


class Home:
    """Home Assistant over the minutes."""

    def __init__(self, hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> None:
        self.hass = hass
        self.broker = broker
        self.freezer = freezer

    async def wait(self, minutes: int, *speaking: Meter) -> None:
        """Let minutes pass, at the end of each of which the meters publish a reading."""
        for _ in range(minutes):
            self.freezer.tick(60)
            for meter in speaking:
                [(topic, payload), *_] = meter.readings().items()
                await self.broker.publish(topic, payload)
            fire_due_timers(self.hass)
            await self.broker.settle()

    async def sleep(self, minutes: int) -> None:
        """Let minutes pass at once."""
        self.freezer.tick(60 * minutes)
        fire_due_timers(self.hass)
        await self.broker.settle()

    async def restart(self, entry: MockConfigEntry) -> None:
        """Load a meter anew."""
        assert await self.hass.config_entries.async_reload(entry.entry_id)
        await self.broker.settle()

    @property
    def issues(self) -> list[str | None]:
        """What the user is told."""
        issues = ir.async_get(self.hass).issues.values()
        return [issue.translation_key for issue in issues if issue.domain == DOMAIN]

    @property
    def told(self) -> Mapping[str, str]:
        """The particulars of the one issue."""
        [issue] = ir.async_get(self.hass).issues.values()
        assert issue.severity is ir.IssueSeverity.WARNING
        assert not issue.is_fixable
        assert issue.translation_placeholders is not None
        return issue.translation_placeholders
