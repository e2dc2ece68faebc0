"""The dock that shows and edits what is selected."""
