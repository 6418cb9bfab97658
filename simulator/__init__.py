"""A Fluksometer in software, for the demo, the tests and the benchmark.

It publishes what a real one would, and shares nothing with the integration, so that it checks the
integration's understanding of the protocol instead of repeating it.
"""

from .flm02 import Flm02
from .flm03 import Flm03
from .message import Message
from .meter import Meter

__all__ = ["Flm02", "Flm03", "Message", "Meter"]
