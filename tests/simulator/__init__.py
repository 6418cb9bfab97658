"""The simulated Fluksometer says what docs/protocol.md says a real one does."""
