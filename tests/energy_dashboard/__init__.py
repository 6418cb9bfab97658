"""Tests of adding a meter to the Energy dashboard."""
