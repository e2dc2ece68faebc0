"""The dock that edits how the network is trained. Its forms follow from `engine.recipe`."""
