"""Names that the integration's parts share."""

from typing import Final

DOMAIN: Final = "flukso"
MANUFACTURER: Final = "Flukso"

CONF_TOPIC_PREFIX: Final = "topic_prefix"
