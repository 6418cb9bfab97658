"""Each rule of Home Assistant's quality scale, held against the code by a test of its name."""
