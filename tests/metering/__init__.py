"""The arithmetic on readings, without Home Assistant."""
