"""Which access token is used, and where it comes from; the names are those of the official tools.

Order: stack configuration, `SAKURA_*`, `SAKURACLOUD_*`, the usacloud profile.  A token and its
secret always come from one place: a mixture of two accounts would only ever be a mistake.

Source: sakura-vpcrouter-api 1.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import Problem, SpecError
from .limits import DEFAULTS, Limits

_WHERE: Final = "the API key"


# Field of `Limits` -> its names in the environment, without prefix, and in a profile.  Two tools
# call the rate differently.
_LIMITS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "retry_max": (("RETRY_MAX",), "RetryMax"),
    "retry_wait_min": (("RETRY_WAIT_MIN",), "RetryWaitMin"),
    "retry_wait_max": (("RETRY_WAIT_MAX",), "RetryWaitMax"),
    "timeout": (("API_REQUEST_TIMEOUT",), "HTTPRequestTimeout"),
    "rate": (("RATE_LIMIT", "API_REQUEST_RATE_LIMIT"), "HTTPRequestRateLimit"),
}


class _Names(NamedTuple):
    """What one place calls its values; `limits`: field -> names."""

    title: str
    token: str
    secret: str
    root_url: str
    zone: str
    limits: Mapping[str, tuple[str, ...]]


_CONFIG: Final = _Names("stack configuration", "apiToken", "apiSecret", "apiRootUrl", "zone", {})
_ENVIRONMENT: Final = tuple(
    _Names(
        f"environment {prefix}_ACCESS_TOKEN",
        f"{prefix}_ACCESS_TOKEN",
        f"{prefix}_ACCESS_TOKEN_SECRET",
        f"{prefix}_API_ROOT_URL",
        f"{prefix}_ZONE",
        {
            field: tuple(f"{prefix}_{name}" for name in names)
            for field, (names, _) in _LIMITS.items()
        },
    )
    for prefix in ("SAKURA", "SAKURACLOUD")
)
_PROFILE_NAME: Final = ("SAKURA_PROFILE", "SAKURACLOUD_PROFILE", "USACLOUD_PROFILE")
_PROFILE_DIR: Final = ("SAKURA_PROFILE_DIR", "SAKURACLOUD_PROFILE_DIR", "USACLOUD_PROFILE_DIR")
_PROFILE_KEYS: Final = (
    "AccessToken",
    "AccessTokenSecret",
    "APIRootURL",
    "Zone",
    {field: (key,) for field, (_, key) in _LIMITS.items()},
)


@dataclass(frozen=True)
class Credentials:
    """An access token with its secret.

    `source` says in words where they were found.  `root_url` and `zone` are what the user's
    settings say about them, None if nothing; `limits` what they say about requests.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    source: str
    root_url: str | None = None
    zone: str | None = None
    limits: Limits = DEFAULTS


def resolve(config: Mapping[str, str], environ: Mapping[str, str], home: Path) -> Credentials:
    """The credentials of this run.

    `config` is the stack configuration (`apiToken`, `apiSecret`, `apiRootUrl`, `zone`), `home` the
    folder that holds `.usacloud` unless the environment names another.  The root URL, the zone and
    the limits may come from any place up to the one that holds the token, as in the official tools.

    Raises `SpecError`, which names every place looked at and no secret: if there is no token, if
    one place holds only half of the pair, if the profile or a limit cannot be used.
    """
    looked_at: list[str] = []
    limits: dict[str, int] = {}
    root_url = zone = None
    for names, values in _places(config, environ, home):
        looked_at.append(f"{names.title} ({names.token}, {names.secret})")
        token, secret = _value(values, names.token), _value(values, names.secret)
        root_url = root_url or _value(values, names.root_url)
        zone = zone or _value(values, names.zone)
        limits = {**_limits(names, values), **limits}
        if token and secret:
            made = replace(DEFAULTS, **limits)
            return Credentials(token, secret, names.title, root_url, zone, made)
        if token or secret:
            there, missing = names.token, names.secret
            if secret:
                there, missing = missing, there
            raise SpecError(
                [Problem(names.title, f"{there} without {missing}", "both, or neither")],
                source=_WHERE,
            )
    raise SpecError(
        [Problem("token and secret", "nothing", "; or ".join(looked_at))], source=_WHERE
    )


def _places(
    config: Mapping[str, str], environ: Mapping[str, str], home: Path
) -> Iterator[tuple[_Names, Mapping[str, object]]]:
    # A generator, so that a broken profile does no harm to those who do not need one.
    yield _CONFIG, config
    for names in _ENVIRONMENT:
        yield names, environ
    folder = Path(_first(environ, _PROFILE_DIR) or home) / ".usacloud"
    name, file = _profile(folder, environ)
    yield _Names(f"usacloud profile {name} ({file})", *_PROFILE_KEYS), _load(file, name)


def _limits(names: _Names, values: Mapping[str, object]) -> dict[str, int]:
    """The limits that stand in one place.  0 is "not set", as in the official tools."""
    found = {}
    for name, keys in names.limits.items():
        key = next((key for key in keys if values.get(key) not in (None, "")), None)
        if key is None:
            continue
        text = str(values[key]).strip()
        if not (text.isascii() and text.isdigit()):
            where = key if key.isupper() else f"{names.title}, {key}"
            raise SpecError([Problem(where, text, "a whole number, 0 or more")], source=_WHERE)
        if int(text):
            found[name] = int(text)
    return found


def _profile(folder: Path, environ: Mapping[str, str]) -> tuple[str, Path]:
    name = _first(environ, _PROFILE_NAME)
    current = folder / "current"
    if not name and current.is_file():
        name = current.read_text(encoding="utf-8", errors="replace").strip()
    name = name or "default"
    if "/" in name or "\\" in name or name.startswith("."):
        raise SpecError([Problem("usacloud profile", repr(name), "a plain name")], source=_WHERE)
    return name, folder / name / "config.json"


def _load(file: Path, name: str) -> Mapping[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if name == "default":  # the official tools do not ask for this one
            return {}
        raise SpecError(
            [Problem(f"usacloud profile {name}", f"no file {file}", "a profile that exists")],
            source=_WHERE,
        ) from None
    except (OSError, ValueError) as error:  # a JSON error quotes the text: say its kind only
        found = error.strerror if isinstance(error, OSError) else "text that is no JSON"
        raise SpecError(
            [Problem(str(file), str(found), "a readable usacloud profile")], source=_WHERE
        ) from None
    if not isinstance(content, dict):
        raise SpecError([Problem(str(file), "no JSON object", "an object")], source=_WHERE)
    return content


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := _value(environ, name))), None)


def _value(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    return value.strip() or None if isinstance(value, str) else None
