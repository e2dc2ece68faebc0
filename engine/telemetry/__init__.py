"""From the training loop to whoever watches: small numpy values, never a queue of them."""
