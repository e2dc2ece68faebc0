"""What is drawn over the scene and does not move with it."""
