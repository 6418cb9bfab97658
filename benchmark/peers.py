"""The alternatives that are compared: ways to get the readings of the same meters.

Each is a separate Home Assistant on the same broker, so that all receive the same messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import override

from custom_components.flukso.const import CONF_OTHER_INTERVAL, CONF_POWER_INTERVAL, DOMAIN
from custom_components.flukso.protocol.sensors import Stream, parse_sensors, streams_of
from custom_components.flukso.protocol.topics import OWN_PREFIX, Report, reading_topic
from custom_components.flukso.sensor_descriptions import description_of
from simulator import Meter
from stack import HomeAssistant, eventually
from stack.client import Json
from stack.home_assistant import COMPONENT

#: A country without quarter-hour demand, which would be unknown for up to half an hour.
COUNTRY = "NL"


@dataclass(frozen=True, slots=True)
class Peer:
    """One alternative.

    Attributes:
        name: its name in tables.
        platform: the integration of its entities.
        direct: whether it connects to the meters' brokers, without Home Assistant's MQTT.
        options: options of this integration that are not the defaults.
        yaml: its part of configuration.yaml.
        component: the folder of the custom integration it needs.
    """

    name: str
    platform: str = DOMAIN
    direct: bool = False
    options: Mapping[str, int] | None = None
    yaml: str = ""
    component: Path | None = COMPONENT

    def home(self, folder: Path, commit_interval: int = 1) -> HomeAssistant:
        """Return its Home Assistant, not yet started; ``commit_interval`` is the recorder's (s)."""
        return HomeAssistant(
            folder,
            component=self.component,
            levels={"homeassistant": "warning"},
            country=COUNTRY,
            commit_interval=commit_interval,
            extra=self.yaml,
        )

    async def join(self, home: HomeAssistant, port: int, device_ids: Sequence[str]) -> None:
        """Add the meters of a broker on the loopback address to a running Home Assistant."""
        client = home.client
        if self.direct:
            entries = [await client.add_directly(DOMAIN, port, each) for each in device_ids]
        else:
            await client.add_mqtt(port)
            if self.platform != DOMAIN:
                return
            flows = await client.discovered(DOMAIN, len(device_ids))
            entries = [await client.confirm(flow["flow_id"]) for flow in flows]
        if self.options is not None:
            for entry in entries:
                await client.set_options(entry["entry_id"], dict(self.options))

    async def live(self, home: HomeAssistant) -> Sequence[tuple[Json, Json]]:
        """Wait until all enabled entities have a value; return their registry entries and states.

        Raises:
            TimeoutError: some have no value after two minutes.
        """

        async def shown() -> Sequence[tuple[Json, Json]] | None:
            entities = await home.client.entities(self.platform)
            enabled = [entity for entity in entities if entity["disabled_by"] is None]
            states = await home.client.states()
            live = [
                (entity, state)
                for entity in enabled
                if (state := states.get(entity["entity_id"]))
                and state["state"] not in ("unknown", "unavailable")
            ]
            return live if len(live) == len(enabled) else None

        found = await eventually(shown, f"the entities of {self.name} to be live", 120)
        assert found is not None
        return found


DEFAULTS = Peer("this integration, defaults")
_INTERVAL_0 = {CONF_POWER_INTERVAL: 0, CONF_OTHER_INTERVAL: 0}
EVERY_READING = Peer("this integration, interval 0", options=_INTERVAL_0)
DIRECT_DEFAULTS = Peer("directly, defaults", direct=True)
DIRECT_EVERY_READING = Peer("directly, interval 0", direct=True, options=_INTERVAL_0)


@dataclass(frozen=True, slots=True)
class Floor(Peer):
    """An integration that only parses the JSON of each message.

    Attributes:
        topics: the topics it subscribes to.
    """

    topics: Sequence[str] = ()

    @override
    async def join(self, home: HomeAssistant, port: int, device_ids: Sequence[str]) -> None:
        """Subscribe to the topics."""
        await home.client.add_mqtt(port)
        await home.client.call_service("floor", "listen", topics=list(self.topics))

    @override
    async def live(self, home: HomeAssistant) -> Sequence[tuple[Json, Json]]:
        """Return nothing: it has no entities."""
        return []

    async def received(self, home: HomeAssistant) -> int:
        """Return how many messages it has received so far."""
        await home.client.call_service("floor", "tell")
        return int((await home.client.states())["floor.count"]["state"])


def floor(name: str, meters: Sequence[Meter]) -> Floor:
    """Return the baseline that receives the same messages as this integration."""
    topics = [
        reading_topic(OWN_PREFIX, stream.sensor.sensor_id, stream.kind)
        for meter in meters
        for stream in _streams(meter)
        if (shown := description_of(stream)) and shown.entity_registry_enabled_default
    ]
    folder = Path(__file__).with_name("floor")
    return Floor(name, platform="floor", yaml="floor:", component=folder, topics=topics)


def yaml_sensors(name: str, meters: Sequence[Meter], *, disabled_too: bool = False) -> Peer:
    """Return Home Assistant's own MQTT sensors for the same meters.

    Args:
        name: its name in tables.
        meters: the meters.
        disabled_too: whether to include what this integration disables by default.
    """
    sensors = [
        sensor
        for meter in meters
        for stream in _streams(meter)
        if (sensor := _yaml_sensor(stream, disabled_too=disabled_too)) is not None
    ]
    return Peer(name, platform="mqtt", yaml=f"mqtt: {json.dumps({'sensor': sensors})}")


def _streams(meter: Meter) -> list[Stream]:
    """Return all readings topics of a meter that are in use."""
    [announced] = [
        message for message in meter.announce() if message.topic.endswith(Report.SENSORS)
    ]
    sensors = parse_sensors(json.loads(announced.payload))
    return [stream for sensor in sensors.enabled for stream in streams_of(sensor)]


def _yaml_sensor(stream: Stream, *, disabled_too: bool) -> Mapping[str, object] | None:
    """Return the configuration of a sensor: the value of the topic, with its unit and classes."""
    shown = description_of(stream)
    if shown is None or not (shown.entity_registry_enabled_default or disabled_too):
        return None
    settings = {
        "name": f"{stream.sensor.sensor_id} {stream.kind}",
        "unique_id": f"{stream.sensor.sensor_id}_{stream.kind}",
        "state_topic": reading_topic(OWN_PREFIX, stream.sensor.sensor_id, stream.kind),
        "value_template": "{{ value_json[1] }}",
        "unit_of_measurement": shown.native_unit_of_measurement,
        "device_class": shown.device_class,
        "state_class": shown.state_class,
    }
    return {key: value for key, value in settings.items() if value is not None}
