"""Attaching the window to a run elsewhere: the dialog that asks for it, the bar that says so."""
