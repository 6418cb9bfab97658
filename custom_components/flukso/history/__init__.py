"""What the meter remembers, held against Home Assistant's statistics."""
