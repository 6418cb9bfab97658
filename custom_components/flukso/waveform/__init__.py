"""The waveforms of the clamps, and figures derived from them."""
