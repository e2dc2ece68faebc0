"""One popup for everything that is chosen by typing."""
