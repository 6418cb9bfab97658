"""Tests of the Flukso integration."""
