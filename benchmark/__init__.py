"""The resource usage of this integration, measured with real components.

These are figures, not tests: they depend on the machine, and nothing fails when they change. Each
module answers one question; the results are in docs/cost.md.
"""
