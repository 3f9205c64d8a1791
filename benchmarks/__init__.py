"""First figures: `make bench`."""
