"""What a config entry holds while it is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .fillings import Fillings
    from .history import History
    from .meter import Meter
    from .waveforms import Waveforms


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that serve one Fluksometer."""

    meter: Meter
    waveforms: Waveforms
    fillings: Fillings
    history: History | None


type FluksoConfigEntry = ConfigEntry[Runtime]
