"""Checks of the messages, the clock and the clamps of a meter for problems the user can fix."""
