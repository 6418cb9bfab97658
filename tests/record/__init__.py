"""Tests of the recording of messages."""
