"""How the handlers log in to a router: passwords, keys, bastions, and where they come from."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.errors import VpnError
from components.office.login import Bastion
from components.provider import access
from components.provider.handler import Context
from components.provider.values import Secret
from components.rehearsal import instance
from components.site.office import Router

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nKEY-CANARY\n-----END OPENSSH PRIVATE KEY-----\n"
VIA_KEY = KEY.replace("KEY-CANARY", "VIA-CANARY")
ROUTER: dict[str, str | int] = {"host": "192.168.1.1", "user": "ops", "hostKey": "ssh-rsa AAAA"}
JUMP = {"via": "me@jump.example:2222", "viaHostKey": "ssh-ed25519 BBBB"}
ENDS = instance.Endpoints(
    instance="i",
    api_root="http://127.0.0.1:1/cloud/zone",
    ssh_host="127.0.0.1",
    ssh_port=2222,
    host_key="ssh-rsa REHEARSED",
    api_token="rehearsed-token",
    api_secret="rehearsed-secret",
    user="rehearser",
    password="rehearsed-password",
    admin_password="rehearsed-administrator",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(instance, "endpoints", lambda: ENDS)
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in access.SECRETS.values():
        monkeypatch.delenv(variable, raising=False)


def context(**config: Any) -> Context:
    urn = "urn:pulumi:stack::project::sakurartx:index:Tunnel::name"
    return Context(urn, False, 0.0, threading.Event(), config, None)


@pytest.mark.parametrize("whence", ["config", "environment", "environment path", "site"])
def test_a_key_replaces_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whence: str
) -> None:
    (tmp_path / "id").write_text(KEY)
    router, ctx = dict(ROUTER), context(rtxPassword=Secret("pw-CANARY"))
    if whence == "config":
        ctx = context(rtxPassword=Secret("pw-CANARY"), rtxKey=Secret(KEY))
    elif whence == "site":
        router["key"] = "~/id"
    else:
        monkeypatch.setenv("SAKURA_RTX_KEY", KEY if whence == "environment" else "~/id")
    login = access.login(router, False, ctx)
    assert (login.key, login.password, login.via) == (KEY, "", None)
    assert "CANARY" not in repr(login)
    assert "CANARY" not in ctx.scrub(f"{KEY} {KEY!r}")


def test_the_configuration_of_the_run_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKURA_RTX_KEY", KEY.replace("CANARY", "OTHER"))
    monkeypatch.setenv("SAKURA_RTX_KEY_PASSPHRASE", "phrase")
    login = access.login(ROUTER | {"key": "/nowhere"}, False, context(rtxKey=Secret(KEY)))
    assert (login.key, login.key_passphrase) == (KEY, "phrase")


@pytest.mark.parametrize("where", ["site", "config"])
def test_a_key_that_is_not_there(where: str) -> None:
    router = ROUTER | ({"key": "~/KEY-CANARY"} if where == "site" else {})
    ctx = context(**({} if where == "site" else {"rtxKey": Secret("KEY-CANARY")}))
    with pytest.raises(VpnError, match="private key cannot be read") as missing:
        access.login(router, False, ctx)
    assert "CANARY" not in str(missing.value)


def test_neither_password_nor_key() -> None:
    with pytest.raises(
        VpnError, match=r"no password for the RTX at 192\.168\.1\.1, and no key"
    ) as it:
        access.login(ROUTER, False, context())
    assert "SAKURA_RTX_KEY" in it.value.remedy


@pytest.mark.parametrize("key", ["", VIA_KEY])
def test_a_bastion(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SAKURA_RTX_VIA_KEY", key)
    ctx = context(rtxPassword=Secret("pw"))
    login = access.login(ROUTER | JUMP, False, ctx)
    assert login.via == Bastion("jump.example", "me", "ssh-ed25519 BBBB", 2222, key)
    assert "CANARY" not in repr(login)
    assert "CANARY" not in ctx.scrub(key)
    login = access.login(ROUTER | {"via": "me@jump"}, False, ctx)
    assert login.via == Bastion("jump", "me", "", 22, key)


def test_a_rehearsal_never_reaches_a_real_router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKURA_RTX_KEY", KEY)
    login = access.login(
        ROUTER | JUMP | {"key": "~/id", "port": 22}, True, context(rtxKey=Secret(KEY))
    )
    assert (login.host, login.port, login.user) == ("127.0.0.1", 2222, "rehearser")
    assert (login.host_key, login.key, login.via) == ("ssh-rsa REHEARSED", "", None)
    assert login.password == "rehearsed-password"


def test_a_rehearsed_site_without_a_host_speaks_of_the_rehearsed_router() -> None:
    login = access.login({"model": "RTX1220", "port": 1, "hostKey": "ssh-rsa X"}, True, context())
    assert (login.host, login.port, login.host_key) == ("127.0.0.1", 1, "ssh-rsa X")


@pytest.mark.parametrize("via", ["jump.example", "me@", "me@jump:port", "a b@jump", "me@j@k"])
def test_a_bastion_that_is_badly_written(via: str) -> None:
    with pytest.raises(VpnError, match="bastion"):
        access.login(ROUTER | {"via": via}, False, context(rtxPassword=Secret("pw")))
    with pytest.raises(ValidationError, match="via"):
        Router.model_validate({"via": via})


def test_the_site_file_says_key_and_bastion() -> None:
    router = Router.model_validate(
        {"key": "~/id", "via": "me@jump.example:2222", "via_host_key": "ssh-ed25519 BBBB"}
    )
    assert {"key": "~/id", **JUMP}.items() <= router.given.items()
