"""The flow through a pulse input, which the meter does not tell once the pulses end."""

#: After so long without a pulse nothing flows (s).
_LONGEST = 600
#: The meter prints three decimals: what is less is nothing.
_LEAST = 0.0005


def faded(flow: float, pulse: float, elapsed: float) -> float:
    """What still can flow, ``elapsed`` seconds after the last pulse.

    It can't be more than one pulse in the time that has passed without one. ``flow`` is in
    units a second or in W, ``pulse`` the size of one pulse in units or in Ws.
    """
    if elapsed <= 0:
        return flow
    most = min(flow, pulse / elapsed)
    return 0.0 if elapsed >= _LONGEST or most < _LEAST else round(most, 3)
