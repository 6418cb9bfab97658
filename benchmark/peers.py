"""What is set side by side: ways to bring the readings of the same meters into Home Assistant.

Each is a Home Assistant of its own on the same broker, so that all hear the same stream.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import override

from custom_components.flukso.const import CONF_OTHER_INTERVAL, CONF_POWER_INTERVAL, DOMAIN
from custom_components.flukso.protocol.sensors import Stream, parse_sensors, streams_of
from custom_components.flukso.protocol.topics import Report, reading_topic
from custom_components.flukso.sensor_descriptions import description_of
from simulator import Meter
from stack import HomeAssistant, eventually
from stack.client import Json
from stack.home_assistant import COMPONENT

#: The house stands where no quarter-hour demand is shown: it takes up to half an hour to be known.
COUNTRY = "NL"


@dataclass(frozen=True, slots=True)
class Peer:
    """One way: its name in tables, the integration its entities belong to, and its settings.

    Attributes:
        name: what tables call it.
        platform: the integration that its entities belong to.
        options: this integration's options, where they are not the defaults.
        yaml: what goes into configuration.yaml.
        component: the folder of the custom integration that it needs.
    """

    name: str
    platform: str = DOMAIN
    options: Mapping[str, int] | None = None
    yaml: str = ""
    component: Path | None = COMPONENT

    def home(self, folder: Path, commit_interval: int = 1) -> HomeAssistant:
        """Describe the Home Assistant that it is joined to; its recorder commits so often (s)."""
        return HomeAssistant(
            folder,
            component=self.component,
            levels={"homeassistant": "warning"},
            country=COUNTRY,
            commit_interval=commit_interval,
            extra=self.yaml,
        )

    async def join(self, home: HomeAssistant, port: int, meters: int) -> None:
        """Bring the meters of a broker on the loopback address into a running Home Assistant."""
        client = home.client
        await client.add_mqtt(port)
        if self.platform != DOMAIN:
            return
        for flow in await client.discovered(DOMAIN, meters):
            entry = await client.confirm(flow["flow_id"])
            if self.options is not None:
                await client.set_options(entry["entry_id"], dict(self.options))

    async def live(self, home: HomeAssistant) -> Sequence[tuple[Json, Json]]:
        """Wait until all enabled entities show a value; return each as registered, and its state.

        Raises:
            TimeoutError: they do not within two minutes.
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
EVERY_READING = Peer(
    "this integration, interval 0", options={CONF_POWER_INTERVAL: 0, CONF_OTHER_INTERVAL: 0}
)


@dataclass(frozen=True, slots=True)
class Floor(Peer):
    """An integration that reads the JSON of each message, and no more.

    Attributes:
        topics: what it hears.
    """

    topics: Sequence[str] = ()

    @override
    async def join(self, home: HomeAssistant, port: int, meters: int) -> None:
        """Let it listen."""
        await home.client.add_mqtt(port)
        await home.client.call_service("floor", "listen", topics=list(self.topics))

    @override
    async def live(self, home: HomeAssistant) -> Sequence[tuple[Json, Json]]:
        """It has no entities to wait for."""
        return []

    async def heard(self, home: HomeAssistant) -> int:
        """How many messages it has heard so far."""
        await home.client.call_service("floor", "tell")
        return int((await home.client.states())["floor.heard"]["state"])


def floor(name: str, meters: Sequence[Meter]) -> Floor:
    """What hears the very messages that this integration hears, those of no meter if need be."""
    topics = [
        reading_topic("", stream.sensor.sensor_id, stream.kind)
        for meter in meters
        for stream in _streams(meter)
        if (shown := description_of(stream)) and shown.entity_registry_enabled_default
    ]
    folder = Path(__file__).with_name("floor")
    return Floor(name, platform="floor", yaml="floor:", component=folder, topics=topics)


def yaml_sensors(name: str, meters: Sequence[Meter], *, disabled_too: bool = False) -> Peer:
    """Home Assistant's own MQTT sensors for what this integration shows of the same meters.

    Args:
        name: what tables call it.
        meters: the meters.
        disabled_too: whether they show as well what this integration leaves disabled at first.
    """
    sensors = [
        sensor
        for meter in meters
        for stream in _streams(meter)
        if (sensor := _yaml_sensor(stream, disabled_too=disabled_too)) is not None
    ]
    return Peer(name, platform="mqtt", yaml=f"mqtt: {json.dumps({'sensor': sensors})}")


def _streams(meter: Meter) -> list[Stream]:
    """All readings topics that a meter has in use."""
    [announced] = [
        message for message in meter.announce() if message.topic.endswith(Report.SENSORS)
    ]
    sensors = parse_sensors(json.loads(announced.payload))
    return [stream for sensor in sensors.enabled for stream in streams_of(sensor)]


def _yaml_sensor(stream: Stream, *, disabled_too: bool) -> Mapping[str, object] | None:
    """A sensor as one writes it by hand: the value of the topic, with its unit and class."""
    shown = description_of(stream)
    if shown is None or not (shown.entity_registry_enabled_default or disabled_too):
        return None
    settings = {
        "name": f"{stream.sensor.sensor_id} {stream.kind}",
        "unique_id": f"{stream.sensor.sensor_id}_{stream.kind}",
        "state_topic": reading_topic("", stream.sensor.sensor_id, stream.kind),
        "value_template": "{{ value_json[1] }}",
        "unit_of_measurement": shown.native_unit_of_measurement,
        "device_class": shown.device_class,
        "state_class": shown.state_class,
    }
    return {key: value for key, value in settings.items() if value is not None}
