"""Runtime data of a config entry."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .history.backfill import Backfill
    from .history.fill_log import FillLog
    from .history.import_log import ImportLog
    from .meter.meter import Meter
    from .transport.interface import Transport
    from .waveform.waveforms import Waveforms


@dataclass(frozen=True, slots=True)
class FluksoData:
    """The objects that a loaded config entry holds for its Fluksometer."""

    transport: Transport
    meter: Meter
    waveforms: Waveforms
    fill_log: FillLog
    import_log: ImportLog
    history: Backfill | None


type FluksoConfigEntry = ConfigEntry[FluksoData]
