"""Home Assistant's own entry point, on a machine without a compiler.

Home Assistant always loads its voice assistant, and the frontend does not work without it. It
imports two packages for audio processing that PyPI has as source code only. If they are missing,
they are replaced by empty modules, because audio is not used here.

It is run as a file, so that `custom_components` is imported from Home Assistant's configuration
folder and not from the current folder.
"""

import importlib.util
import sys
from types import ModuleType

from homeassistant import __main__

_SOUND = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}


def stand_in_for_sound() -> None:
    """Replace the missing packages by empty modules."""
    for module, name in _SOUND.items():
        if importlib.util.find_spec(module) is None:
            sys.modules[module] = ModuleType(module)
            setattr(sys.modules[module], name, None)


if __name__ == "__main__":
    stand_in_for_sound()
    sys.exit(__main__.main())
