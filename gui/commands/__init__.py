"""Commands, by what they are about; each says when it makes no sense, and why."""
