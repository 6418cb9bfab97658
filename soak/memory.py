"""The memory of Home Assistant's process."""

from dataclasses import dataclass
import os
from pathlib import Path
from typing import Self

from stack import HomeAssistant

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of the process (MB), how much of it SQLite uses, and the blocks of Python."""

    resident: float
    sqlite: float
    blocks: int

    @classmethod
    async def of(cls, home: HomeAssistant, usual: float) -> Self:
        """Ask for it; ``usual`` is what was resident on the whole, as garbage comes and goes."""
        told = await home.client.call("inside/memory")
        return cls(usual, told["sqlite"] / _MB, told["blocks"])

    @property
    def rest(self) -> float:
        """Return the memory without the pages of the database that SQLite keeps (MB)."""
        return self.resident - self.sqlite


def resident(home: HomeAssistant) -> float:
    """Return how much of it is in the machine's memory, in MB."""
    pages = int(Path(f"/proc/{home.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB
