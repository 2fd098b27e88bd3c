"""The office end: what an RTX understands, how to talk to it, and how to change it safely."""
