"""One run in several processes: the same samples, the same numbers, shared work."""
