"""Record the messages of meters for a bug report, with ids replaced and secrets removed."""

from .anonymous import Anonymiser
from .recording import Recorded, read, write

__all__ = ["Anonymiser", "Recorded", "read", "write"]
