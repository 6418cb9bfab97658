"""A demo of the integration in one command: a meter, a broker, and Home Assistant.

It shows the integration without installing it and, with `--check`, tests that it works.
"""
