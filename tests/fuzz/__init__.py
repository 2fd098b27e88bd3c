"""Inputs by chance, many of them: `python -m tests.fuzz NAME --count N --seed S`."""
