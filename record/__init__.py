"""Record what meters send, for a bug report: with every id replaced and every secret taken out."""

from .anonymous import Anonymiser
from .recording import Recorded, read, write

__all__ = ["Anonymiser", "Recorded", "read", "write"]
