"""What can be looked at in a running network, one file a probe, each reduced to small numpy arrays."""
