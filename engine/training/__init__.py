"""The training loop and what it needs: data in place, devices, faults."""
