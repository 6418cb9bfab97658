"""Home Assistant's statistics compared with the meter's memory, and their gaps filled from it."""
