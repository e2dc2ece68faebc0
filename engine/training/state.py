"""The state of a run has its place in `engine.runs`, which stores it and knows no training."""

from engine.runs.state import State

__all__ = ["State"]
