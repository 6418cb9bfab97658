"""What a running program takes of the machine, as Linux counts it in /proc."""

import os
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """How long all of its threads have been at work so far, the kernel's work for it included (s).

    Raises:
        FileNotFoundError: it has ended.
    """
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_A_SECOND


def resident(pid: int) -> int:
    """How much memory it holds (bytes).

    Raises:
        FileNotFoundError: it has ended.
    """
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
