"""pytest on a Home Assistant that the test plugin has not been cut from: `-m tests.ahead`.

Home Assistant 2026.11 puts httpx2 in the place of httpx, which must not have been imported before
it, has moved a private function that the plugin of 2026.10 imports, and finds what it kept of an
entity by the entity's id in the registry, where the plugin makes it up by its entity id. What the
plugin patches, it patches before the rest of Home Assistant is imported.

So this is a plugin itself, which each process of pytest loads before all others.
"""

from importlib import import_module
from importlib.metadata import entry_points
import os
import sys

import pytest

_PLUGIN, _PATCHES = "pytest_homeassistant_custom_component", ("json", "recorder", "time")
_LOGGER, _MOVED = "homeassistant.components.logger", "_clear_logger_overwrites"
_FIND = "async_get_stored_state"


def _put_back_what_moved() -> None:
    """Let the test plugin import what it imports."""
    for patched in _PATCHES:
        import_module(f"{_PLUGIN}.patch_{patched}")
    helpers = import_module(f"{_LOGGER}.helpers")
    if hasattr(helpers, _MOVED):
        setattr(import_module(_LOGGER), _MOVED, getattr(helpers, _MOVED))


def pytest_sessionstart() -> None:
    """Let Home Assistant find the states that the test plugin says were kept."""
    kept = import_module("homeassistant.helpers.restore_state").RestoreStateData
    find = getattr(kept, _FIND, None)
    if find is not None:

        def find_by_entity_id(data: object, entity_id: str) -> object:
            return getattr(data, "last_states", {}).get(entity_id) or find(data, entity_id)

        setattr(kept, _FIND, find_by_entity_id)


def main() -> int:
    """Run pytest with this plugin, and after it those that pytest would load by itself."""
    others = [each.value for each in entry_points(group="pytest11")]
    others.sort(key=lambda each: each.startswith(_PLUGIN))  # it imports some of the others
    os.environ["PYTEST_PLUGINS"] = ",".join(("tests.ahead", *others))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return pytest.main()


if __name__ == "__main__":
    sys.exit(main())
_put_back_what_moved()
