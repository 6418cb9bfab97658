"""The Energy dashboard: what of a meter can be added to it, and adding it."""
