"""What a run leaves on disk: its states, its curves, its row in the history."""
