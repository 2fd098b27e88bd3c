"""Stand-ins for both ends, to run and rehearse everything without an account or a router."""
