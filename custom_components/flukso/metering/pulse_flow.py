"""The flow through a pulse input, which the meter does not tell once the pulses end."""

#: After so long without a pulse nothing flows (s).
_LONGEST = 600
#: The meter prints three decimals: what is less is nothing.
_DECIMALS = 3


def decayed_flow(flow: float | None, pulse: float | None, elapsed: float) -> float | None:
    """What still can flow, ``elapsed`` seconds after the last pulse.

    It can't be more than one pulse in the time that has passed without one. ``flow`` is in
    units a second or in W, ``pulse`` the size of one pulse in units or in Ws, each None as long
    as it is not known.
    """
    if elapsed >= _LONGEST:
        return 0.0
    if flow is None or pulse is None or flow * elapsed <= pulse:
        return flow
    return round(pulse / elapsed, _DECIMALS)
