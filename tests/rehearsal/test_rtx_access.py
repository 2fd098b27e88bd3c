"""Who may log in, from where, with what; keys of users and of the router itself."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address
from pathlib import Path

import asyncssh
import pytest
from rtx_bench import Terminal, administrator, advance, make_router
from test_rtx_server import NO_AGREEMENT, connect, eventually

from components.rehearsal.rtx import Behaviour, Router, RtxServer, run_lines
from components.rehearsal.rtx.access import public_keys

PC = IPv4Address("192.168.1.20")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 one"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    return administrator(router)


@pytest.mark.parametrize(
    ("attributes", "admitted"),
    [
        ("administrator=on", True),
        ("connection=all", True),
        ("connection=ssh,sftp", True),
        ("connection=serial,telnet", False),
        ("connection=off", False),
        ("host=any", True),
        ("host=192.168.1.20", True),
        ("host=192.168.1.1-192.168.1.19,lan1", True),
        ("host=192.168.1.1-192.168.1.19", False),
        ("host=lan2", False),
        ("multi-session=off", False),
        ("multi-session=on", True),
    ],
)
def test_attributes_of_the_user(
    router: Router, terminal: Terminal, attributes: str, admitted: bool
) -> None:
    """The terminal is a session of the same user."""
    assert terminal.line(f"user attribute ops {attributes}") == ""
    assert router.admits(PC, "ops") is admitted
    assert router.admits(PC)
    assert router.admits(PC, "guest")
    terminal.lines("no user attribute ops", f"user attribute * {attributes}")
    assert router.admits(PC, "ops") is admitted


def test_one_session_of_a_user_is_one(router: Router) -> None:
    run_lines(router, ["user attribute ops multi-session=off"])
    assert router.admits(PC, "ops")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("user attribute ops administrator=2", "Illegal keyword"),
        ("user attribute ops multi-session=maybe", "Illegal keyword"),
        ("user attribute ops login-timer=119", "Parameter out of range"),
        ("user attribute ops colour=red", "Illegal keyword"),
    ],
)
def test_attributes_that_it_refuses(terminal: Terminal, line: str, error: str) -> None:
    assert terminal.line(line) == f"Error: {error}"


def test_administrator_2_needs_no_password_where_it_exists(tmp_path: Path) -> None:
    router = make_router(tmp_path, model="RTX1300", revision="23.00.17")
    run_lines(router, ["user attribute ops administrator=2"])
    terminal = Terminal(router.console("ops"))
    assert terminal.raw("\radministrator\r").endswith("# ")


def test_a_user_can_be_thrown_out(router: Router, terminal: Terminal) -> None:
    other = administrator(router)
    other.lines("rollback timer 60", "ip filter 1 pass * *")
    assert terminal.line("disconnect user ops") == ""
    assert other.console.closed
    assert not terminal.console.closed
    advance(router, 100)
    assert "ip filter 1 pass * *" in router.running().lines()
    assert terminal.line("disconnect user guest").startswith("Error: ")


def test_a_key_is_pasted_and_ends_with_an_empty_line(router: Router, terminal: Terminal) -> None:
    assert terminal.raw("import sshd authorized-keys ops\r") == (
        "import sshd authorized-keys ops\r\n"
    )
    assert terminal.raw(f"{KEY}\r") == f"{KEY}\r\n"
    assert terminal.raw("\r") == "\r\n# "
    assert router.keys("ops") == [KEY]
    assert terminal.line("import sshd authorized-keys guest").startswith("Error: ")


def test_the_file_with_the_keys_may_be_another(router: Router, terminal: Terminal) -> None:
    router.add_key("ops", "ssh-ed25519 AAAA usual")
    router.flash.put("/keys/ops", f"# mine\r\n{KEY}\r\n")
    assert terminal.line("sshd authorized-keys filename ops path=/keys/ops") == ""
    assert router.keys("ops") == [KEY]
    terminal.line("no sshd authorized-keys filename ops")
    assert router.keys("ops") == ["ssh-ed25519 AAAA usual"]


def test_what_of_such_a_file_counts() -> None:
    lines = [f"ssh-rsa K{number}" for number in range(40)]
    text = "\n# comment\n" + "\r".join(["ssh-rsa " + "x" * 4090, *lines])
    assert public_keys(text) == lines[:33]


def test_what_of_such_a_file_counts_is_shown(router: Router, terminal: Terminal) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048, comment="one")
    router.add_key("ops", key.export_public_key().decode())
    router.add_key("ops", "no key")
    kept = key.export_public_key().decode().strip()
    assert terminal.line("show sshd authorized-keys ops") == f"{kept}\nno key"
    for algorithm in ("sha256", "md5"):
        printed = f"2048 {key.get_fingerprint(algorithm)} one (RSA)"
        line = f"show sshd authorized-keys ops type=fingerprint {algorithm}"
        assert terminal.line(line) == printed
    terminal.line("login user guest secret-word")
    assert terminal.line("show sshd authorized-keys * type=fingerprint").split("\n") == [
        "guest /ssh/authorized_keys/guest",
        "/ssh/authorized_keys/guest: No such file or directory",
        "ops /ssh/authorized_keys/ops",
        f"2048 {key.get_fingerprint('sha256')} one (RSA)",
    ]
    assert terminal.line("show sshd authorized-keys nobody").startswith("Error: ")


def test_the_routers_own_key_and_its_fingerprints(router: Router, terminal: Terminal) -> None:
    assert terminal.line("show sshd public key") == ""
    server = RtxServer(router)
    key = asyncssh.import_public_key(server.host_key)
    md5 = key.get_fingerprint("md5").removeprefix("MD5:")
    assert terminal.line("show sshd public key") == server.host_key
    assert terminal.line("show sshd public key fingerprint") == f"ssh-rsa 2048 {md5}"
    sha256 = f"2048 {key.get_fingerprint('sha256')} (RSA)"
    assert terminal.line("show sshd host key type=fingerprint") == sha256


def test_without_a_host_key_nobody_is_answered(router: Router) -> None:
    assert router.listens()
    router.change(router.running().without("", "sshd host key generate"))
    assert not router.listens()


@pytest.mark.parametrize(
    ("model", "revision", "line", "expected"),
    [
        ("RTX1220", "15.04.03", "", {"password", "publickey"}),
        ("RTX1220", "15.04.03", "sshd auth method publickey", {"publickey"}),
        ("RTX1220", "15.04.03", "sshd auth method password publickey", {"password", "publickey"}),
        ("RTX1210", "14.01.34", "", {"password"}),
        ("RTX1210", "14.01.35", "", {"password", "publickey"}),
        ("RTX830", "15.02.13", "", {"password"}),
    ],
)
def test_ways_to_authenticate(
    tmp_path: Path, model: str, revision: str, line: str, expected: set[str]
) -> None:
    router = make_router(tmp_path, model=model, revision=revision)
    run_lines(router, [line])
    assert router.methods() == expected


# --- over real connections ------------------------------------------------------------------------


def log_in(server: RtxServer, **options: object) -> None:
    async def session() -> None:
        async with connect(server, **options):
            pass

    asyncio.run(session())


def test_old_firmware_takes_no_key(tmp_path: Path) -> None:
    """And its host key has 1024 bits (4.69)."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    for revision, taken in (("14.01.34", False), ("14.01.35", True)):
        router = make_router(tmp_path / revision, model="RTX1210", revision=revision)
        router.add_key("ops", "not a key at all")
        router.add_key("ops", key.export_public_key().decode())
        server = RtxServer(router)
        server.start()
        try:
            log_in(server)
            if taken:
                log_in(server, password=None, client_keys=[key])
            else:
                with pytest.raises(asyncssh.PermissionDenied):
                    log_in(server, password=None, client_keys=[key])
        finally:
            server.stop()


def refuses(server: RtxServer, pinned: asyncssh.SSHKey) -> bool:
    """Whether the router comes with another host key than that."""
    try:
        log_in(server, known_hosts=([pinned], [], []))
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed):
        return True
    except (asyncssh.Error, OSError):
        return False
    return False


def test_a_host_key_that_a_load_made_is_another(tmp_path: Path) -> None:
    router = make_router(tmp_path, behaviour=Behaviour(load_makes_key=True))
    server = RtxServer(router)
    server.start()
    try:
        before = asyncssh.import_public_key(server.host_key)
        log_in(server)
        run_lines(router, ["load 0 silent no-key-generate"])
        log_in(server)
        assert asyncssh.import_public_key(server.host_key) == before
        run_lines(router, ["load 0 silent"])
        eventually(lambda: refuses(server, before))
        log_in(server)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("model", "revision", "modern", "taken"),
    [
        ("RTX1220", "15.04.03", False, False),
        ("RTX1220", "15.04.03", True, True),
        ("RTX1210", "14.01.42", True, False),
    ],
)
def test_signatures_of_the_host_key(
    tmp_path: Path, model: str, revision: str, modern: bool, taken: bool
) -> None:
    router = make_router(
        tmp_path, model=model, revision=revision, behaviour=Behaviour(rsa_sha2=modern)
    )
    server = RtxServer(router)
    server.start()
    try:
        log_in(server)
        if taken:
            log_in(server, server_host_key_algs=["rsa-sha2-256"])
        else:
            with pytest.raises(NO_AGREEMENT):
                log_in(server, server_host_key_algs=["rsa-sha2-256"])
    finally:
        server.stop()
