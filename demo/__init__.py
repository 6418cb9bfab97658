"""The whole thing in one command: a meter, a broker, and Home Assistant with this integration.

For whoever wants to see what it does before installing it, and, with `--check`, for a machine that
wants to know whether it still does.
"""
