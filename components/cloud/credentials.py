"""Which access token is used, and where it comes from; the names are those of the official tools.

Order: stack configuration, `SAKURA_*`, `SAKURACLOUD_*`, the usacloud profile.  A token and its
secret always come from one place: a mixture of two accounts would only ever be a mistake.

Source: sakura-vpcrouter-api 1.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import Problem, SpecError

_WHERE: Final = "API credentials"


class _Names(NamedTuple):
    """What one place calls its values."""

    title: str
    token: str
    secret: str
    root_url: str
    zone: str


_CONFIG: Final = _Names("stack configuration", "apiToken", "apiSecret", "apiRootUrl", "zone")
_ENVIRONMENT: Final = tuple(
    _Names(
        f"environment {prefix}_ACCESS_TOKEN",
        f"{prefix}_ACCESS_TOKEN",
        f"{prefix}_ACCESS_TOKEN_SECRET",
        f"{prefix}_API_ROOT_URL",
        f"{prefix}_ZONE",
    )
    for prefix in ("SAKURA", "SAKURACLOUD")
)
_PROFILE_NAME: Final = ("SAKURA_PROFILE", "SAKURACLOUD_PROFILE", "USACLOUD_PROFILE")
_PROFILE_DIR: Final = ("SAKURA_PROFILE_DIR", "SAKURACLOUD_PROFILE_DIR", "USACLOUD_PROFILE_DIR")
_PROFILE_KEYS: Final = ("AccessToken", "AccessTokenSecret", "APIRootURL", "Zone")


@dataclass(frozen=True)
class Credentials:
    """An access token with its secret.

    `source` says in words where they were found.  `root_url` and `zone` are what the user's
    settings say about them, None if nothing.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    source: str
    root_url: str | None = None
    zone: str | None = None


def resolve(config: Mapping[str, str], environ: Mapping[str, str], home: Path) -> Credentials:
    """The credentials of this run.

    `config` is the stack configuration (`apiToken`, `apiSecret`, `apiRootUrl`, `zone`), `home` the
    folder that holds `.usacloud` unless the environment names another.  The root URL and the zone
    may come from any place before the one that holds the token, as in the official tools.

    Raises `SpecError`, which names every place looked at and no value: if there is no token, if
    one place holds only half of the pair, if the profile cannot be used.
    """
    looked_at: list[str] = []
    root_url = zone = None
    for names, values in _places(config, environ, home):
        looked_at.append(f"{names.title} ({names.token}, {names.secret})")
        token, secret = _value(values, names.token), _value(values, names.secret)
        root_url = root_url or _value(values, names.root_url)
        zone = zone or _value(values, names.zone)
        if token and secret:
            return Credentials(token, secret, names.title, root_url, zone)
        if token or secret:
            there, missing = names.token, names.secret
            if secret:
                there, missing = missing, there
            raise SpecError(
                [Problem(names.title, f"{there} without {missing}", "both, or neither")],
                source=_WHERE,
            )
    raise SpecError([Problem("; ".join(looked_at), "nothing", "one of them")], source=_WHERE)


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
