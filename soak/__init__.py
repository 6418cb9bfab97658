"""A soak test with many meters for a long time: no reading may be lost, and no memory may leak.

Unlike the benchmark, it passes or fails; the figures it reports are for docs/cost.md.
"""
