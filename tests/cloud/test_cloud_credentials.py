"""Where the access token comes from, and that no value of it is ever said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.cloud.credentials import resolve
from components.cloud.limits import Limits
from components.errors import SpecError

CONFIG = {"apiToken": "config-token", "apiSecret": "config-secret"}
NEW = {"SAKURA_ACCESS_TOKEN": "new-token", "SAKURA_ACCESS_TOKEN_SECRET": "new-secret"}
OLD = {"SAKURACLOUD_ACCESS_TOKEN": "old-token", "SAKURACLOUD_ACCESS_TOKEN_SECRET": "old-secret"}


def profile(home: Path, name: str, **values: object) -> None:
    folder = home / ".usacloud" / name
    folder.mkdir(parents=True)
    content = {"AccessToken": f"{name}-token", "AccessTokenSecret": f"{name}-secret", **values}
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")


def test_order_of_the_places(tmp_path: Path) -> None:
    profile(tmp_path, "default")
    everything = {**NEW, **OLD}
    tokens = [
        resolve(CONFIG, everything, tmp_path).token,
        resolve({}, everything, tmp_path).token,
        resolve({}, OLD, tmp_path).token,
        resolve({}, {}, tmp_path).token,
    ]
    assert tokens == ["config-token", "new-token", "old-token", "default-token"]


def test_source_is_said_and_values_are_not(tmp_path: Path) -> None:
    found = resolve({}, NEW, tmp_path)
    assert found.source == "environment SAKURA_ACCESS_TOKEN"
    assert "new-token" not in repr(found)
    assert "new-secret" not in repr(found)


def test_token_and_secret_never_come_from_two_places(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        resolve({"apiToken": "half-token"}, NEW, tmp_path)
    assert "apiToken without apiSecret" in str(caught.value)
    assert "half-token" not in str(caught.value)
    with pytest.raises(SpecError, match="SAKURA_ACCESS_TOKEN_SECRET without SAKURA_ACCESS_TOKEN"):
        resolve({}, {**OLD, "SAKURA_ACCESS_TOKEN_SECRET": "x"}, tmp_path)


def test_nothing_anywhere_names_every_place(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        resolve({}, {"SAKURA_ACCESS_TOKEN": "  "}, tmp_path)
    for name in (
        "apiToken",
        "SAKURA_ACCESS_TOKEN_SECRET",
        "SAKURACLOUD_ACCESS_TOKEN",
        str(tmp_path / ".usacloud" / "default" / "config.json"),
    ):
        assert name in str(caught.value)


@pytest.mark.parametrize("variable", ["SAKURA_PROFILE", "SAKURACLOUD_PROFILE", "USACLOUD_PROFILE"])
def test_profile_chosen_by_the_environment(tmp_path: Path, variable: str) -> None:
    profile(tmp_path, "default")
    profile(tmp_path, "office", APIRootURL="https://api.example/zone", Zone="is1b")
    found = resolve({}, {variable: "office"}, tmp_path)
    assert (found.token, found.root_url, found.zone) == (
        "office-token",
        "https://api.example/zone",
        "is1b",
    )


def test_profile_chosen_by_the_current_file(tmp_path: Path) -> None:
    profile(tmp_path, "office")
    (tmp_path / ".usacloud" / "current").write_text(" office\t\n", encoding="utf-8")
    assert resolve({}, {}, tmp_path).token == "office-token"


def test_profile_folder_from_the_environment(tmp_path: Path) -> None:
    profile(tmp_path / "elsewhere", "default")
    environ = {"USACLOUD_PROFILE_DIR": str(tmp_path / "elsewhere")}
    assert resolve({}, environ, tmp_path).token == "default-token"


def test_missing_profile_is_an_error_unless_it_is_the_default(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="usacloud profile office: found no file"):
        resolve({}, {"SAKURA_PROFILE": "office"}, tmp_path)


def test_profile_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a plain name"):
        resolve({}, {"SAKURA_PROFILE": "../../etc"}, tmp_path)


def test_broken_profile_harms_only_those_who_need_it(tmp_path: Path) -> None:
    profile(tmp_path, "default")
    file = tmp_path / ".usacloud" / "default" / "config.json"
    file.write_text('{"AccessToken": "leaky-token', encoding="utf-8")
    assert resolve({}, OLD, tmp_path).token == "old-token"
    with pytest.raises(SpecError) as caught:
        resolve({}, {}, tmp_path)
    assert "text that is no JSON" in str(caught.value)
    assert "leaky-token" not in str(caught.value)


def test_root_url_of_the_environment_holds_for_a_token_from_a_later_place(tmp_path: Path) -> None:
    profile(tmp_path, "default", APIRootURL="https://profile.example")
    environ = {"SAKURA_API_ROOT_URL": "https://environment.example"}
    assert resolve({}, environ, tmp_path).root_url == "https://environment.example"
    assert resolve({}, {}, tmp_path).root_url == "https://profile.example"


# --- limits


def limits(environ: dict[str, str], home: Path) -> Limits:
    return resolve({}, environ, home).limits


def test_limits_are_those_of_the_official_clients_unless_said(tmp_path: Path) -> None:
    assert limits(NEW, tmp_path) == Limits(10, 1, 64, 300, 5)


@pytest.mark.parametrize("prefix", ["SAKURA", "SAKURACLOUD"])
@pytest.mark.parametrize("rate", ["RATE_LIMIT", "API_REQUEST_RATE_LIMIT"])
def test_limits_of_the_environment(tmp_path: Path, prefix: str, rate: str) -> None:
    environ = {
        f"{prefix}_RETRY_MAX": "3",
        f"{prefix}_RETRY_WAIT_MIN": " 2 ",
        f"{prefix}_RETRY_WAIT_MAX": "9",
        f"{prefix}_API_REQUEST_TIMEOUT": "40",
        f"{prefix}_{rate}": "8",
    }
    assert limits({**environ, **OLD}, tmp_path) == Limits(3, 2, 9, 40, 8)


def test_new_names_win_and_a_profile_fills_in(tmp_path: Path) -> None:
    profile(
        tmp_path,
        "default",
        RetryMax=7,
        RetryWaitMin=2,
        RetryWaitMax=20,
        HTTPRequestTimeout=0,  # written like this by the official tools for "not set"
        HTTPRequestRateLimit=3,
    )
    environ = {"SAKURA_RETRY_MAX": "1", "SAKURACLOUD_RETRY_MAX": "2", "SAKURACLOUD_RATE_LIMIT": "9"}
    assert limits(environ, tmp_path) == Limits(1, 2, 20, 300, 9)


@pytest.mark.parametrize("wrong", ["-1", "soon", "1.5", "１０"])
def test_limit_that_is_no_number_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SpecError) as caught:
        limits({**NEW, "SAKURA_RETRY_MAX": wrong}, tmp_path)
    assert f"SAKURA_RETRY_MAX: found {wrong}; allowed: a whole number" in str(caught.value)
    profile(tmp_path, "default", RetryMax=wrong)
    with pytest.raises(SpecError, match=r"usacloud profile default .*, RetryMax: found"):
        limits({}, tmp_path)
