"""All of Backlit that works without a screen: networks, training, probes, files."""

__version__ = "0.1.0"
