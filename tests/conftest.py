"""What the tests share: this repository's integration, a meter's topics, and a quiet MQTT client."""

from collections.abc import Generator
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

import custom_components.flukso  # noqa: F401  # else the plugin's own custom_components wins


@pytest.fixture(autouse=True)
def _this_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load the integration of this repository, where a test runs one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_mqtt_timer() -> Generator[None]:
    """Without its socket loop the mocked MQTT client would leave a timer behind."""
    with patch("homeassistant.components.mqtt.client.MQTT._async_start_misc_periodic"):
        yield


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots in Home Assistant's form."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)
