"""A Fluksometer and its channels, one for each readings topic."""
