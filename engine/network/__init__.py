"""What the user drew, as plain values. Knows no torch, no Qt, and nothing else of Backlit."""
