"""What the tests share: this repository's integration, a broker, and a quiet MQTT client."""

from collections.abc import AsyncGenerator, Generator
from datetime import datetime
import logging
from pathlib import Path
import re
from unittest.mock import MagicMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import CONF_EVENT_TYPES
from homeassistant.const import CONF_EXCLUDE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import EVENT_DEVICE_REGISTRY_UPDATED
from homeassistant.helpers.entity_registry import EVENT_ENTITY_REGISTRY_UPDATED
import pytest
from pytest_homeassistant_custom_component import patch_time
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# Else the plugin's own custom_components wins; and where a meter is discovered, Home Assistant
# imports the flow in a thread, and fails the test that ends meanwhile.
import custom_components.flukso.config_flow  # noqa: F401  # for these two effects only

from .broker import Broker, connect
from .direct import MetersBroker
from .end_to_end.parts import require_mosquitto
from .supplies import BRUSSELS, METER, House

#: The test plugin has every statement of the recorder's database logged, a third of such a test.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

#: The plugin has every record formatted once more, for a stream beside pytest's own capture.
logging.getLogger().removeHandler(
    next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
)
#: Nor does a test read what Home Assistant itself and asyncio log below warning.
for _name in ("homeassistant", "asyncio"):
    logging.getLogger(_name).setLevel(logging.WARNING)
#: Lines of the debug log for each message are half of a simulated day: tests of them enable it.
logging.getLogger("custom_components.flukso").setLevel(logging.INFO)

#: freezegun looks for new names in every module whenever a test stops the clock: count them.
patch_time.ha_get_module_attributes_hash = lambda module: (
    f"{id(module)}-{len(getattr(module, '__dict__', ()))}"
)

#: What Home Assistant logs where this integration uses what it won't have for long.
_DEPRECATED = re.compile(r"custom integration 'flukso'|deprecated .* from flukso\b")

_CLIENT = "homeassistant.components.mqtt.client"
_ANNOUNCEMENTS = "custom_components.flukso.transport.discovery"


@pytest.fixture(autouse=True)
def _this_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load the integration of this repository, where a test runs one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _nothing_deprecated(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail a test in which Home Assistant logs that the integration uses what is deprecated."""
    yield
    logged = [each.getMessage() for when in ("setup", "call") for each in caplog.get_records(when)]
    assert [message for message in logged if _DEPRECATED.search(message)] == []


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the debug mode to ``PYTHONASYNCIODEBUG``: it takes a quarter of a test's time."""


@pytest.fixture(autouse=True)
def _no_mqtt_timer() -> Generator[None]:
    """Without its socket loop the mocked MQTT client would leave a timer behind."""
    with patch(f"{_CLIENT}.MQTT._async_start_misc_periodic"):
        yield


@pytest.fixture(autouse=True)
def _no_waiting() -> Generator[None]:
    """The broker in memory answers at once, also while the clock stands still."""
    overdue = -1
    with (
        patch(f"{_CLIENT}.INITIAL_SUBSCRIBE_COOLDOWN", overdue),
        patch(f"{_CLIENT}.UNSUBSCRIBE_COOLDOWN", overdue),
        patch("custom_components.flukso.transport.home_assistant.BURST", overdue),
        patch(f"{_ANNOUNCEMENTS}.LISTEN_FOR", 0.2),
        patch(f"{_ANNOUNCEMENTS}.QUIET_FOR", 0.02),
        patch(f"{_ANNOUNCEMENTS}.START_TIME", 0.02),
    ):
        yield


@pytest.fixture
async def broker(
    hass: HomeAssistant, mock_hass_config: None, mqtt_client_mock: MagicMock
) -> Broker:
    """A broker that Home Assistant's MQTT integration is connected to."""
    return await connect(hass, mqtt_client_mock)


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Record no changes of the registries: no test reads them, and a meter makes hundreds."""
    changes = [EVENT_ENTITY_REGISTRY_UPDATED, EVENT_DEVICE_REGISTRY_UPDATED]
    return {CONF_EXCLUDE: {CONF_EVENT_TYPES: changes}}


@pytest.fixture
async def own_broker(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[MetersBroker]:
    """The own broker of a meter; over the network, an answer takes its time."""
    require_mosquitto()
    with patch(f"{_ANNOUNCEMENTS}.LISTEN_FOR", 1.0), patch(f"{_ANNOUNCEMENTS}.QUIET_FOR", 0.2):
        async with MetersBroker(tmp_path) as broker:
            yield broker


@pytest.fixture
async def house(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> House:
    """A house on three phases with solar on the third, a minute before ten o'clock."""
    await hass.config.async_set_time_zone(BRUSSELS.key)
    freezer.move_to(datetime(2026, 5, 12, 9, 59, tzinfo=BRUSSELS))
    return House(hass, broker, freezer, METER)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots in Home Assistant's form."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def all_entities_enabled() -> Generator[None]:
    """Enable the entities that are disabled by default as well."""
    enabled = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    with patch(enabled, new=True):
        yield
