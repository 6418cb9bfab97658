"""The MQTT protocol of a Fluksometer, independent of Home Assistant.

Each module turns a topic or a payload into frozen dataclasses or raises
:class:`~.validation.ProtocolError`. The facts and their sources are in docs/protocol.md.
"""
