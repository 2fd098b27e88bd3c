"""What `make` calls: set-up, the Pulumi CLI, one site's stack, the tests.

`setup`, `cli` and `base` need the standard library only, since nothing is installed yet when they
run; the others run in the project's `.venv`.
"""
