"""The project that a command is called in, and the sites that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import yaml

from ..errors import Problem, SpecError

FILE: Final = "Pulumi.yaml"


@dataclass(frozen=True)
class SiteFile:
    """A site by the file of its stack; `rehearsed`: its ends are stand-ins of this machine."""

    name: str
    file: Path
    rehearsed: bool


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its folder, its name, and the folder of its stack files."""

    root: Path
    name: str
    stacks: Path

    def sites(self) -> list[SiteFile]:
        """The stacks that describe a site, by name."""
        found = (self._site(file) for file in sorted(self.stacks.glob("Pulumi.*.yaml")))
        return [site for site in found if site is not None]

    def chosen(self, patterns: Sequence[str]) -> list[SiteFile]:
        """The sites whose names match one of `patterns` (`*`, `?`, `[a-z]`); without any pattern
        all but those that are rehearsed.

        Raises `SpecError` for a pattern that none matches, and if there is none at all.
        """
        sites = self.sites()
        known = ", ".join(site.name for site in sites) or "none"
        for pattern in patterns:
            if not any(fnmatchcase(site.name, pattern) for site in sites):
                raise SpecError([Problem("--sites", pattern, f"a pattern for one of: {known}")])
        chosen = [
            site
            for site in sites
            if any(fnmatchcase(site.name, pattern) for pattern in patterns)
            or (not patterns and not site.rehearsed)
        ]
        if not chosen:
            allowed = f"sites in {self.stacks}; of those that are rehearsed: --sites ({known})"
            raise SpecError([Problem("--sites", "no site", allowed)])
        return chosen

    def _site(self, file: Path) -> SiteFile | None:
        """None for the stack of something else; one that cannot be read is a site all the same,
        and whatever is done with it says why.  The key is `site`, of whichever project."""
        name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        try:
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return SiteFile(name, file, rehearsed=False)
        config = data.get("config") if isinstance(data, dict) else None
        keys = config if isinstance(config, dict) else {}
        site = next((value for key, value in keys.items() if str(key).endswith(":site")), None)
        if site is None:
            return None
        rehearsed = isinstance(site, dict) and site.get("rehearsal") is True
        return SiteFile(name, file, rehearsed)


def here(start: Path | None = None) -> Project:
    """The project of the nearest `Pulumi.yaml` in or above `start` (the working directory).

    Raises `SpecError` where there is none, or none that can be read.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / FILE).is_file():
            return _read(folder)
    raise SpecError([Problem(FILE, f"none in or above {begin}", "a Pulumi project")])


def _read(root: Path) -> Project:
    try:
        data: Any = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        data = None
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str):
        raise SpecError([Problem(str(root / FILE), "no name", "the name of the project")])
    return Project(root, name, root / str(data.get("stackConfigDir") or "."))
