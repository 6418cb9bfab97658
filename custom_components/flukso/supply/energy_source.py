"""Where the energies come from that totals publish."""

from abc import abstractmethod

from homeassistant.core import callback

from ..meter.observable import OnDemand


class EnergySource(OnDemand):
    """Energies that are counted from readings, and kept over a restart.

    After a crash the restored ones are up to a quarter of an hour old, so they are lower than those
    published before: they are ``up_to_date`` once what was counted since is added.
    """

    def __init__(self) -> None:
        super().__init__()
        self.up_to_date = False

    @property
    @abstractmethod
    def available(self) -> bool:
        """Whether the counters are available."""

    @callback
    @abstractmethod
    def resume(self, what: str, energy: float) -> None:
        """Continue from the last published energy (Wh), where no state is stored."""

    @callback
    def _notify(self) -> None:
        for changed in self._listeners:
            changed()
