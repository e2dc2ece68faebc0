"""Looking back at a run: the bar below the canvas, and what says that one looks at the past."""
