"""What figures were measured on, as far as it matters to whoever compares them."""

import os
import platform

from homeassistant.const import __version__ as home_assistant_version


def machine() -> str:
    """Name the programs and the number of processors, and nothing else of the machine."""
    return (
        f"Python {platform.python_version()}, Home Assistant {home_assistant_version}, "
        f"{os.cpu_count()} CPUs"
    )
