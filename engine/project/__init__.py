"""A project: network, recipe and data as one value, and the `.backlit` file that holds it."""
