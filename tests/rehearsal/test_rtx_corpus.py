"""Configurations of other people's routers: the stand-in of that model boots and shows them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from rtx_bench import ENGLISH, administrator, advance, make_router

from components.clock import ManualClock
from components.rehearsal.rtx import Router, run_lines

PC = IPv4Address("192.168.1.20")
CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.txt"))
HEAD = re.compile(r"# (RTX\d+) Rev\.([\d.]+) ")
# Passwords are masked; what undoes something is no line of a configuration.
OTHER = re.compile(r"(?:administrator|login) password|login user|sshd host key|no |pp disable|"
                   r"\S+ select none")  # fmt: skip


def decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "cp932", "euc_jp"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("no encoding of a router")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_line_is_shown_and_every_gateway_read(path: Path, tmp_path: Path) -> None:
    text = decoded(path.read_bytes())
    head = HEAD.search(text)
    model, revision = head.groups() if head else ("RTX1220", "15.04.03")
    router = Router(
        tmp_path, clock=ManualClock(), initial=text, model=model, revision=revision.rstrip(".")
    )
    shown = run_lines(router, ["show config"])
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line and line[0] != "#" and not OTHER.match(line)]
    assert [line for line in kept if line not in shown] == []
    assert router.gateways()
    again = Router(tmp_path, clock=ManualClock(), model=model, revision=revision.rstrip("."))
    assert again.running().same_as(router.running())


@pytest.mark.parametrize(
    "line",
    [
        "ip lan1 address nowhere",
        "ip route default",
        "ip route 10.0.0.0/8 gateway",
        "ip filter 1030 pass www.example.jp 3com.example udp * 500",
        "ip keepalive 1 icmp-echo",
        "ip keepalive x icmp-echo 10 3 192.168.2.1",
        "schedule at 1",
        "schedule at one +600 * restart",
        "ipsec tunnel",
        "ipsec sa policy 101",
        "ipsec ike local id 1 nowhere",
        "ipsec ike duration ipsec-sa 1 soon",
        "tunnel enable x",
        "pp select",
        "console columns wide",
        "console character utf8",
        "login timer never",
        "sshd host nowhere",
        "sshd session many",
        "user attribute ops login-timer=never",
    ],
)
def test_a_line_that_it_does_not_know_is_kept_and_means_nothing(tmp_path: Path, line: str) -> None:
    router = make_router(
        tmp_path, f"{ENGLISH}tunnel select 1\n {line}\ntunnel select none\n{line}\n"
    )
    advance(router, 3600)
    administrator(router)
    assert router.gateways()
    assert router.listens()
    assert router.admits(PC, "ops")
    assert line in run_lines(router, ["show config", "show ip route", "show status tunnel 1"])
