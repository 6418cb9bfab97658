"""A Fluksometer in software, for the demo, the tests and the benchmark.

It publishes the messages of a real one, and shares no code with the integration, so that it tests
the integration's implementation of the protocol instead of repeating it.
"""

from .flm02 import Flm02
from .flm03 import Flm03
from .message import Message
from .meter import Meter

__all__ = ["Flm02", "Flm03", "Message", "Meter"]
