"""Plays recorded messages to a real Home Assistant through a real mosquitto."""
