"""The integration in a real Home Assistant, at a real mosquitto."""
