"""What `make` calls: set-up, the Pulumi CLI, one site's stack, the tests.

`setup`, `cli` and `base` need the standard library only, since nothing is installed yet when they
run; the others run in the project's `.venv`.
"""

import sys

# Here and in the words of any Python, even of version 2: it is the first that one reads of us.
if sys.version_info < (3, 11):  # noqa: UP036 - this file is the one that says so
    sys.exit(
        "Python 3.11 or newer is needed; %s is %s.\nName another one: make PYTHON=python3.12 ..."  # noqa: UP031
        % (sys.executable, sys.version.split()[0])
    )
