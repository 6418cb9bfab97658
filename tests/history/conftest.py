"""The recorder of these tests, which leave their statistics themselves."""

from homeassistant.const import CONF_EXCLUDE
from homeassistant.helpers.entityfilter import CONF_ENTITY_GLOBS
import pytest


@pytest.fixture
def record_states() -> bool:
    """Whether states are recorded: a meter writes hundreds, and hardly any test asks for them."""
    return False


@pytest.fixture
def recorder_config(
    recorder_config: dict[str, dict[str, list[str]]], *, record_states: bool
) -> dict[str, dict[str, list[str]]]:
    """Record statistics, and states where a test wants them."""
    if record_states:
        return recorder_config
    return {CONF_EXCLUDE: {**recorder_config[CONF_EXCLUDE], CONF_ENTITY_GLOBS: ["*"]}}
