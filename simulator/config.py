"""The content of a meter's config topics (docs/protocol.md sections 4 and 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
from random import Random
import re

type Json = str | int | float | Sequence[Json] | Mapping[str, Json]

SECTIONS: Mapping[str, Json] = {
    "mqtt": {
        "bridge_address": "api.flukso.net",
        "bridge_port": 8883,
        "bridge_keepalive": 60,
        "bridge_restart_timeout": 30,
    },
    "daemon": {
        "cacert": "/etc/ssl/certs/flukso.ca.crt",
        "upgrade_url": "http://www.flukso.net/files/upgrade/",
        "wan_base_url": "https://api.flukso.net/",
    },
}
"""Sections between the numbered sensors of config/sensor on both models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One numbered slot of config/sensor; a slot that was never used has only its id.

    Attributes:
        id: The 32 hex digits burned in for the slot.
        enable: On, off, or None for an unused slot.
        type: Such as "electricity" or "temperature".
        data_type: "counter" or "gauge": which of the two topics the meter itself logs.
        rid: How often the slot was provisioned again, None before the first time.
        more: Further keys of the entry.
    """

    id: str
    enable: bool | None = None
    type: str | None = None
    data_type: str = "counter"
    rid: int | None = None
    more: Mapping[str, Json] = field(default_factory=dict)

    @property
    def publishes(self) -> bool:
        """Return whether the slot is in use and enabled."""
        return bool(self.enable)

    @property
    def logged(self) -> bool:
        """Return whether the meter keeps the sensor's history."""
        return self.publishes and self.more.get("tmpo") != 0

    def entry(self) -> Mapping[str, Json]:
        """Return the entry; the meter fills in data_type and rid of enabled sensors only."""
        if self.enable is None:
            return {"id": self.id} if self.rid is None else {"id": self.id, "rid": self.rid}
        entry: dict[str, Json] = {"id": self.id, "enable": int(self.enable), **self.more}
        if self.type is not None:
            entry["type"] = self.type
        if self.enable:
            entry |= {"data_type": self.data_type, "rid": self.rid or 0}
        return entry

    def log_entry(self) -> Mapping[str, Json]:
        """Return the entry as in the blocks of the meter's memory."""
        return {k: v for k, v in self.entry().items() if k not in {"enable", "tmpo"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One numbered port of config/flx.

    Attributes:
        enable: On or off.
        kind: "ct", "pulse" or "uart".
        name: What the user called it, or None.
        more: Further keys of the entry.
    """

    enable: bool
    kind: str
    name: str | None = None
    more: Mapping[str, Json] = field(default_factory=dict)

    def entry(self) -> dict[str, Json]:
        """Return the entry as in config/flx."""
        entry: dict[str, Json] = {"enable": int(self.enable), "class": self.kind, **self.more}
        return entry if self.name is None else entry | {"name": as_lua(self.name)}


def as_lua(text: str) -> str | int | float:
    """Turn text that looks like a number into a number, as the daemons do to every option."""
    if re.fullmatch(r"\s*-?\d{1,15}\s*", text):
        return int(text)
    if re.fullmatch(r"\s*-?\d+\.?\d*(?:[eE]-?\d{1,2})?\s*", text):
        return float(text)
    return text


def encode(entries: Mapping[str, Json], chance: Random) -> bytes:
    """Write JSON as the daemons do: compact, and the keys of each object in random order."""
    text = json.dumps(_shuffled(dict(entries), chance), ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _shuffled(value: Json, chance: Random) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, Mapping):
        return value
    keys = list(value)
    chance.shuffle(keys)
    return {key: _shuffled(value[key], chance) for key in keys}
