"""One change at a time to a router in order: what is said to it, and that no more is said."""

from __future__ import annotations

from typing import Any

import pytest
from audit_lines import HEALTHY, LINES, Line
from corpus import body_of, data_of

from components.office.audit import CODES, audit, far_end
from components.office.reading import read

# What the healthy text says of itself.
BEFORE = {"short-key", "no-login-user"}


def found(text: str, *, cloud: bool) -> dict[str, str]:
    far = far_end(body_of(HEALTHY)) if cloud else None
    return {each.code: each.severity for each in audit(read(text.encode()), far=far)}


def cases() -> list[Any]:
    return [
        pytest.param(line, cloud, id=f"{line.code}-{line.new[-30:]!r}-{cloud}")
        for line in LINES
        for cloud in ((True, False) if line.cloud is None else (line.cloud,))
    ]


def test_before_the_change_nothing_is_said() -> None:
    for cloud in (True, False):
        assert set(found(data_of(HEALTHY).decode(), cloud=cloud)) == BEFORE


@pytest.mark.parametrize(("line", "cloud"), cases())
def test_a_change_is_said_and_no_more(line: Line, cloud: bool) -> None:
    text = data_of(HEALTHY).decode()
    assert line.old in text
    said = found(text.replace(line.old, line.new, 1), cloud=cloud)
    assert said.get(line.code) == line.severity
    assert set(said) - BEFORE == {line.code, *line.also} - BEFORE


def test_codes_of_the_lines_are_codes() -> None:
    assert {code for line in LINES for code in (line.code, *line.also)} <= CODES.keys()


# Codes whose remedy is what to type, word for word (the rest of a remedy says what to do then).
TYPED = {
    "stall-after-sa-loss", "keepalive-not-dpd", "pfs-off", "tunnel-not-enabled", "ipsec-off",
    "delete-notice-off", "esp-encapsulation", "nat-traversal-not-offered-by-vpc-router",
    "route-missing", "mss-limit-missing", "mss-limit-too-large", "tunnel-mtu-too-large",
    "df-bit-set", "no-ssh-service", "log-shows-keys", "rekey-off",
}  # fmt: skip
COMMANDS = ("ipsec ", "ip ", "tunnel ", "sshd ", "syslog ", "no ip")


def typed(text: str, remedy: str) -> str:
    """The text after the commands of a remedy were typed in the tunnel's block."""
    for command in remedy.split("; "):
        if command.startswith("no "):
            text = "\n".join(x for x in text.split("\n") if not x.strip().startswith(command[3:]))
        elif command.startswith(COMMANDS):
            text += f"\ntunnel select 1\n {command}\ntunnel select none\n"
    return text


@pytest.mark.parametrize(
    ("line", "cloud"), [case for case in cases() if case.values[0].code in TYPED]
)
def test_a_remedy_that_is_typed_is_one(line: Line, cloud: bool) -> None:
    text = data_of(HEALTHY).decode().replace(line.old, line.new, 1)
    far = far_end(body_of(HEALTHY)) if cloud else None
    remedies = [f.remedy for f in audit(read(text.encode()), far=far) if f.code == line.code]
    assert remedies
    for remedy in remedies:
        text = typed(text, remedy)
    assert line.code not in found(text, cloud=cloud)
