"""Totals of the phases of one supply: power, energy, demand."""
