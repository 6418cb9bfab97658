"""The processor time and memory of a process, from Linux's /proc."""

import os
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """Return the processor time of all threads so far, including that in the kernel (s).

    Raises:
        FileNotFoundError: the process has ended.
    """
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_A_SECOND


def resident(pid: int) -> int:
    """Return the resident memory (bytes).

    Raises:
        FileNotFoundError: the process has ended.
    """
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
