"""From a network to torch: its module, its shapes, its cost."""
