"""The MQTT protocol of a Fluksometer, independent of Home Assistant.

What it parses, a topic or a payload, becomes immutable data, or raises
:class:`~.validation.ProtocolError`. The facts and their sources are in docs/protocol.md.
"""
