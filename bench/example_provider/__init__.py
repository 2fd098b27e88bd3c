"""The plainest provider plugin in Python that does what ours has to do: what ours is beside."""
