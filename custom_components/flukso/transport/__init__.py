"""Transport of messages between meters and Home Assistant."""
