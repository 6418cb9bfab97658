"""Tests of the protocol; none of them needs Home Assistant."""
