"""How messages of a meter come to Home Assistant, and ours to the meter."""
