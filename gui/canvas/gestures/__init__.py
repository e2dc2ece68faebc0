"""What a drag does, one file a gesture."""
