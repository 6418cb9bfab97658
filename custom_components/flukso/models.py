"""What a config entry holds while it is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .history.backfill import History
    from .history.fill_log import Fillings
    from .meter.meter import Meter
    from .waveform.waveforms import Waveforms


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that serve one Fluksometer."""

    meter: Meter
    waveforms: Waveforms
    fillings: Fillings
    history: History | None


type FluksoConfigEntry = ConfigEntry[Runtime]
