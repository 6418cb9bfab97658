"""What a Fluksometer says over MQTT, and nothing of Home Assistant.

Each module turns a topic or a payload into frozen dataclasses or raises
:class:`~.wire.ProtocolError`. The facts and their sources are in docs/protocol.md.
"""
