"""Home Assistant's own entry point, on a machine without a compiler.

Its voice assistant belongs to what every Home Assistant loads, and the pages do not open without
it. It imports two packages for cleaning up a microphone's sound that PyPI has as source code only.
Where they are missing, empty modules stand in for them: no meter has a microphone.

Run as a file, so that `custom_components` is looked for in Home Assistant's configuration folder
and not in the folder this is started from.
"""

import importlib.util
import sys
from types import ModuleType

from homeassistant import __main__

_SOUND = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}


def stand_in_for_sound() -> None:
    """Make the missing packages importable."""
    for module, name in _SOUND.items():
        if importlib.util.find_spec(module) is None:
            sys.modules[module] = ModuleType(module)
            setattr(sys.modules[module], name, None)


if __name__ == "__main__":
    stand_in_for_sound()
    sys.exit(__main__.main())
