"""pytest on a Home Assistant that the test plugin has not been cut from yet: `-m tests.ahead`.

Home Assistant 2026.11 puts httpx2 in the place of httpx, which must not have been imported before
it, and has moved a private function that the plugin of 2026.10 imports.
"""

import sys

import homeassistant.components.logger as logger_component
from homeassistant.components.logger import helpers
import pytest

_MOVED = "_clear_logger_overwrites"

if __name__ == "__main__":
    if hasattr(helpers, _MOVED):
        setattr(logger_component, _MOVED, getattr(helpers, _MOVED))
    sys.exit(pytest.main())
