"""The environment of a measurement, as far as it matters for comparisons."""

import os
import platform

from homeassistant.const import __version__ as home_assistant_version


def machine() -> str:
    """Return the versions and the number of processors."""
    return (
        f"Python {platform.python_version()}, Home Assistant {home_assistant_version}, "
        f"{os.cpu_count()} CPUs"
    )
