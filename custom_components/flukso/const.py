"""Constants that the modules of the integration share."""

from typing import Final

DOMAIN: Final = "flukso"
MANUFACTURER: Final = "Flukso"

CONF_TOPIC_PREFIX: Final = "topic_prefix"
CONF_POWER_INTERVAL: Final = "power_interval"
CONF_OTHER_INTERVAL: Final = "other_interval"
CONF_SUPPLY_PORTS: Final = "supply_ports"
CONF_PRODUCTION_PORTS: Final = "production_ports"
CONF_WAVEFORM_INTERVAL: Final = "waveform_interval"
CONF_FILL_GAPS: Final = "fill_gaps"
CONF_IMPORT_HISTORY: Final = "import_history"

EVENT_HISTORY_FILLED: Final = f"{DOMAIN}_history_filled"
EVENT_HISTORY_IMPORTED: Final = f"{DOMAIN}_history_imported"
EVENT_HISTORY_MISSING: Final = f"{DOMAIN}_history_missing"
EVENT_PEAK_RAISED: Final = f"{DOMAIN}_peak_raised"

#: How often a waveform is captured, which is also the shortest interval allowed (s).
DEFAULT_WAVEFORM_INTERVAL: Final = 10
