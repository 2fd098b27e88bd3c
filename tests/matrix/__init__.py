"""Every case of a table of faults: `make matrix` runs all of them, `make test` a sample."""
