"""pytest on a Home Assistant that the test plugin has not been cut from yet: `-m tests.ahead`.

Home Assistant 2026.11 puts httpx2 in the place of httpx, which must not have been imported before
it, has moved a private function that the plugin of 2026.10 imports, and finds what it kept of an
entity by the entity's id in the registry, where the plugin makes it up by its entity id. What the
plugin patches, it patches before the rest of Home Assistant is imported.
"""

from importlib import import_module
import sys

import pytest

_PLUGIN, _PATCHES = "pytest_homeassistant_custom_component", ("json", "recorder", "time")
_LOGGER, _MOVED = "homeassistant.components.logger", "_clear_logger_overwrites"
_FIND = "async_get_stored_state"


def put_back_what_moved() -> None:
    """Let the plugin import what it imports."""
    helpers = import_module(f"{_LOGGER}.helpers")
    if hasattr(helpers, _MOVED):
        setattr(import_module(_LOGGER), _MOVED, getattr(helpers, _MOVED))


class Finding:
    """Once the plugin is there: lets Home Assistant find the states that it says were kept."""

    def pytest_sessionstart(self) -> None:
        """Look there first."""
        kept = import_module("homeassistant.helpers.restore_state").RestoreStateData
        find = getattr(kept, _FIND, None)
        if find is not None:

            def find_by_entity_id(data: object, entity_id: str) -> object:
                return getattr(data, "last_states", {}).get(entity_id) or find(data, entity_id)

            setattr(kept, _FIND, find_by_entity_id)


if __name__ == "__main__":
    for patched in _PATCHES:
        import_module(f"{_PLUGIN}.patch_{patched}")
    put_back_what_moved()
    sys.exit(pytest.main(plugins=[Finding()]))
