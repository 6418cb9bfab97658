"""The phases of one supply as a whole: power, energy, demand."""
