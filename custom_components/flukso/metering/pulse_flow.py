"""The flow through a pulse input, which the meter does not publish once the pulses end."""

#: After so long without a pulse nothing flows (s).
_MAX_PAUSE = 600
#: The meter prints three decimals.
_DECIMALS = 3


def decayed_flow(flow: float | None, pulse: float | None, elapsed: float) -> float | None:
    """Return the flow ``elapsed`` seconds after the last pulse.

    It is at most one pulse per elapsed time. ``flow`` is in units per second or in W, ``pulse``
    is the size of a pulse in units or in Ws; each is None while unknown.
    """
    if elapsed >= _MAX_PAUSE:
        return 0.0
    if flow is None or pulse is None or flow * elapsed <= pulse:
        return flow
    return round(pulse / elapsed, _DECIMALS)
