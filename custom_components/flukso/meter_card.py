"""What the config flow shows of a meter that was found, and how discovery offers it again."""

from collections.abc import Collection, Mapping

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_MQTT,
    SOURCE_ZEROCONF,
    ConfigFlowResult,
)
from homeassistant.helpers.discovery_flow import DiscoveryKey

from .formats import plain_name
from .protocol.configuration import Configuration
from .protocol.topics import OWN_PREFIX, Report, report_topic

NAME = "Fluksometer"
#: The service as which a meter announces its broker (docs/protocol.md section 8).
MQTT_SERVICE = "_mqtt._tcp.local."
#: How many announced meters are looked into at the same time, and how many of them have a card or
#: are about to get one: a house has a few, and any device can announce as many as it likes.
MAX_ANNOUNCED = 50
_ANNOUNCED_BY = {SOURCE_ZEROCONF, SOURCE_DHCP}


def may_get_card(others: Collection[ConfigFlowResult], digits: str) -> bool:
    """Return whether an announced meter whose id starts with these digits may get a card.

    It may not if another flow has one of such a meter, or if too many are of announced ones.
    """
    contexts = [flow["context"] for flow in others]
    has_card = any(str(context.get("unique_id")).startswith(digits) for context in contexts)
    announced = sum(context["source"] in _ANNOUNCED_BY for context in contexts)
    return not has_card and announced < MAX_ANNOUNCED


def discovery_key(device_id: str, prefix: str, *, is_direct: bool) -> DiscoveryKey:
    """Return the key with which discovery offers a meter again once its entry is removed.

    On Home Assistant's broker, only a meter with its own prefix, or without any, is discovered.
    """
    if is_direct:
        name = f"MQTT Broker on flukso-{device_id[:6]}.{MQTT_SERVICE}"
        return DiscoveryKey(domain=SOURCE_ZEROCONF, key=(MQTT_SERVICE, name), version=1)
    topic = report_topic(OWN_PREFIX if prefix else "", device_id, Report.SENSORS)
    return DiscoveryKey(domain=SOURCE_MQTT, key=topic, version=1)


def model_name(meter: Configuration) -> str:
    """Return the name of a meter's model."""
    return f"{NAME} {meter.model}"


def label(device_id: str, meter: Configuration, prefix: str | None) -> str:
    """Return how a meter is offered to choose from, with the topic prefix that was searched for."""
    where = "" if prefix is None else f" ({prefix}device/…)"
    return f"{model_name(meter)} {device_id[:6]}{where}"


def placeholders(device_id: str, meter: Configuration) -> Mapping[str, str]:
    """Return the placeholders of the confirm form."""
    enabled = meter.sensors.enabled if meter.sensors else ()
    return {
        "model": model_name(meter),
        "id": device_id[:6],
        "sensors": str(len(enabled)),
        "ports": ", ".join(map(plain_name, meter.names)) or "–",
    }
