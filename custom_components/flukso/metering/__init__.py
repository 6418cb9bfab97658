"""Arithmetic on readings, independent of Home Assistant and of the protocol.

Times are arguments: ``time`` is a second by the meter's clock, ``at`` and ``now`` are seconds
since 1970 by the clock of the host.
"""
