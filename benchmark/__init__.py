"""The resource usage of this integration, measured with real components.

These are figures, not tests: they depend on the machine, and nothing fails when they change. Each
measurement answers one question; the results of most are in docs/cost.md.
"""
