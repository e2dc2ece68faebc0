"""The history of runs in the window: a table of all that was trained, and what can be done with it."""
