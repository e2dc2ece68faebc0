"""The network as a list."""
