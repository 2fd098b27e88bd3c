"""What is fast enough, measured: `make bench` runs every module here and prints one table."""
