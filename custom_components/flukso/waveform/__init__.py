"""The waveforms of the clamps, and the figures derived from them."""
