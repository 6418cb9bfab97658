"""Arithmetic on readings, and nothing of Home Assistant or of the wire.

Times are arguments: ``time`` is a second by the meter's clock, ``at`` and ``now`` are seconds
since 1970 by the clock of the machine that this runs on.
"""
