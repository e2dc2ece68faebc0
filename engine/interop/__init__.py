"""What other programs can read: curves as CSV and as TensorBoard event files."""
