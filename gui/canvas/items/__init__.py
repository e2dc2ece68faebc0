"""What the scene is made of: cards, links, blocks, notes."""
