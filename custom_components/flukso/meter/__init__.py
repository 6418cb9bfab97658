"""A Fluksometer and its channels: one for each topic of readings that somebody listens to."""
