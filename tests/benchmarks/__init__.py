"""How fast Backlit is, measured: `make bench`. Not timed tests; machines differ."""
