"""Runtime data of a config entry."""

import asyncio
from dataclasses import dataclass, field
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
    """The objects that a loaded config entry holds for its Fluksometer.

    ``updates`` are the tasks that add and remove its entities at the moment.
    """

    transport: Transport
    meter: Meter
    waveforms: Waveforms
    fill_log: FillLog
    import_log: ImportLog
    history: Backfill | None
    updates: set[asyncio.Task[None]] = field(default_factory=set)


type FluksoConfigEntry = ConfigEntry[FluksoData]
