"""What the router keeps without power: the configurations CONFIG0 to CONFIG4, and files (RTFS)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from .configuration import Configuration
from .firmware import Firmware

_CHOSEN: Final = "default-config"


class Flash:
    """A folder with `saved.cfg` (CONFIG0; all secrets in it, for its owner only) and the others.

    Files are in `rtfs`, but those of `/ssh` (`authorized_keys/USER`) beside it.  `booted` is the
    number of the configuration that the router booted from, `starts_with` that of the next boot;
    `default` is the former as it is kept.

    `initial` is CONFIG0 of a folder that has none yet.
    """

    def __init__(self, folder: Path, firmware: Firmware, initial: str) -> None:
        self._folder, self._firmware = folder, firmware
        folder.mkdir(parents=True, exist_ok=True)
        if not self._path(0).is_file():
            _replace(self._path(0), self.parse(initial).text())
        chosen = folder / _CHOSEN
        self.starts_with = int(chosen.read_text("utf-8")) if chosen.is_file() else 0
        self.boot()

    def boot(self) -> None:
        """Use the configuration that was chosen for the next boot."""
        self.booted = self.starts_with
        self.default = self._read(self._path(self.booted)) or Configuration()

    def choose(self, number: int) -> None:
        """Boot from this configuration the next time."""
        _replace(self._folder / _CHOSEN, f"{number}\n")
        self.starts_with = number

    def parse(self, text: str) -> Configuration:
        """Read the text of a configuration as this router does."""
        return Configuration.parse(text, self._firmware)

    def config(self, number: int) -> Configuration | None:
        """One of the saved configurations (0..4)."""
        return self.default if number == self.booted else self._read(self._path(number))

    def save(self, configuration: Configuration, number: int | None = None) -> None:
        """Keep a configuration; without a number as the one that the router booted from."""
        number = self.booted if number is None else number
        _replace(self._path(number), configuration.text())
        if number == self.booted:
            self.default = configuration

    def file(self, name: str) -> Configuration | None:
        """A configuration in a file that was put on the router, or None if there is no such."""
        return self._read(self._file(name))

    def text(self, name: str) -> str:
        """The text of a file, empty if there is none."""
        path = self._file(name)
        return path.read_text("utf-8") if path.is_file() else ""

    def put(self, name: str, text: str) -> None:
        """Put a file on the router, as SFTP does (`/apply.cfg`)."""
        path = self._file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)

    def _path(self, number: int) -> Path:
        return self._folder / (f"saved{number}.cfg" if number else "saved.cfg")

    def _file(self, name: str) -> Path:
        parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
        if parts[:1] == ["ssh"]:
            return self._folder.joinpath(*parts[1:])
        return self._folder.joinpath("rtfs", *parts)

    def _read(self, path: Path) -> Configuration | None:
        return self.parse(path.read_text("utf-8")) if path.is_file() else None


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(text, "utf-8")
    beside.replace(path)
