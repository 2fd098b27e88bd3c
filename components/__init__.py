"""Pair a SAKURA Cloud VPC router with a Yamaha RTX over site-to-site IPsec."""
