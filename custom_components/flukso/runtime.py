"""What a config entry holds while it is loaded."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .audit import Auditor
from .fillings import Fillings
from .meter import Meter
from .until import FilledUntil
from .waveforms import Waveforms


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that serve one Fluksometer."""

    meter: Meter
    waveforms: Waveforms
    fillings: Fillings
    until: FilledUntil
    history: Auditor | None = None


type FluksoConfigEntry = ConfigEntry[Runtime]
