"""Tests of what is understood of the wire; none of them needs Home Assistant."""
