"""What the user gets wrong: one clear message, exit code not 0, both ends as before."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from .conftest import Clone

pytestmark = pytest.mark.engine

OTHER_KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCyO3LMslRvgZ11Hlmnm+PfLeoMEeySsmEFLlpV4mpwyDrJY1bwaU8o2"
    "PPDISP8AsmsmPn5RBKmsWVwgZqMncQOE/044jCwy45LNrR/c7qfiaLFxqHUak8evDqB8ol++mHTWFODzpjVxd9lCBh4pb"
    "RMiDZnLZLfKlrLKqrNTe0NxIsIiGDKWx+Gb6UNtyt/R5s1hp/eRHx+6/KuTsohP/HYW/Q1x99xiQb0Wyc40IVlOjsTEw"
    "8a//qAZikXZE5T7cbHymfO907VxnKuoQylOI0YAdID/CmYsM8+oK3+5EJoP6BBDSKUcZX0SYvLUxwAuf6gW70TP7mcHe6"
    "6eYTUyTyX"
)
WRONG = [
    (":apiToken", "HTTP 401"),
    (":rtxPassword", "refuses user ops"),
    (":rtxAdministratorPassword", "does not make ops administrator"),
    (":psk", "no hyphen"),
]
REACHING: list[tuple[str, Any, str]] = [
    ("office.router.host_key", OTHER_KEY, "is not the pinned one"),
    ("office.router.port", 1, "no connection to 127.0.0.1 port 1"),
    ("office.lan", "192.168.2.0/25", "overlaps cloud.lan"),
    ("cloud.lan", "192.168.2.0/33", "cloud.lan: found '192.168.2.0/33'"),
]


def test_refused(clone: Clone) -> None:
    clone.create()
    clone.remember_canaries()
    before = clone.both_ends()
    for name, said in WRONG:
        clone.reset_site()
        clone.secret(name.removeprefix(":"), f"wrong-{secrets.token_hex(8)}")
        refuse(clone, said)
        assert clone.both_ends() == before, name
    for path, value, said in REACHING:
        clone.reset_site()
        clone.edit(path, value)
        refuse(clone, said)
        assert clone.both_ends() == before, path
    clone.reset_site()
    clone.unchanged()
    assert clone.passes()


def refuse(clone: Clone, said: str) -> None:
    """A change that would be made if nothing else were wrong, so that both ends are reached."""
    clone.edit("ipsec.hash", "sha256")
    output = clone.up("--skip-preview", rc=2)
    assert said in output
    assert "Traceback" not in output
