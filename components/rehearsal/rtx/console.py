"""Sans-IO: one terminal session.  Bytes typed go in, bytes for the screen come out.

What a terminal shows depends on the running configuration of the moment: prompt, character set,
columns and lines are read each time they are needed, so `console ...` acts at once.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from . import messages
from .dialogue import Ask, Interrupted, Job, Line, Pause, Secret, Step
from .execution import execute, explain
from .faults import disturbed
from .grammar import protects
from .shows import banner

if TYPE_CHECKING:
    from .device import Router

_CTRL_C: Final = "\x03"
_LINE_ENDS: Final = "\r\n"
_ERASE: Final = "\x08\x7f"


class Console:
    """A session of a user (None: somebody at the router itself).

    The first line after the banner is lost unless it is empty; a line ends with CR *or* LF, so
    `\\r\\n` is a line and an empty line, at a password prompt too (both seen on real routers).
    """

    def __init__(
        self, router: Router, user: str | None, *, administrator: bool, script: bool
    ) -> None:
        self.router, self.user, self.administrator, self.script = (
            router, user, administrator, script
        )  # fmt: skip
        self.context = ""
        self.closed = self.detached = self.dropped = False
        self.source = ""
        self.last_input = self.began = router.clock.now()
        self._screen, self._column, self._answered = bytearray(), 0, 0
        self._mute = self._done = False
        self._typed: deque[str] = deque()
        self._line: list[str] = []
        self._lose_first = not script
        self._job: Job | None = None
        self._waiting: Ask | Secret | Line | None = None
        self._rows: deque[str] = deque()
        self._page = 0
        self._paging = False
        self._decoder = codecs.getincrementaldecoder("ascii")("replace")
        self._codec = "ascii"
        self.wakes_at: float | None = None

    # --- from outside ---------------------------------------------------------------------------

    def start(self) -> bytes:
        """What the terminal shows after the login."""
        with self.router.lock:
            if not self.script:
                for text in banner(self.router):
                    self._put(f"{text}\r\n")
            self._prompt()
            return self._take_screen()

    def feed(self, data: bytes) -> bytes:
        """Take what was typed and return what the screen shows."""
        with self.router.lock:
            if self.closed or self.dropped:
                return b""
            self.router.tick()
            self.last_input = self.router.clock.now()
            codec = self.codec
            if codec != self._codec:
                self._decoder = codecs.getincrementaldecoder(codec)("replace")
                self._codec = codec
            self._typed.extend(self._decoder.decode(data))
            return self.poll()

    def poll(self) -> bytes:
        """Go on with what was waiting for time to pass."""
        with self.router.lock:
            while not (self.closed or self.dropped) and self._step():
                pass
            return self._take_screen()

    def drop(self) -> None:
        """The connection dies before the answer to this line is shown; `dropped` says so."""
        self.dropped = True
        del self._screen[self._answered :]
        self.router.hung_up(self)

    def inform(self, text: str) -> None:
        """A line of the log, with `console info on` (4.24); that the line is redrawn is unverified.

        It comes between the lines of an answer, or the prompt and what was typed come again.
        """
        if self.script or self._setting("info", "off") != "on":
            return
        if self._job is not None or self._rows:
            self._rows.extend(self._cut(text))
        else:
            self._put(f"\r\n{text}\r\n")
            self._prompt()
            self._put("".join(self._line))

    # --- what commands ask ----------------------------------------------------------------------

    def _setting(self, name: str, default: str) -> str:
        return (self.router.running().value(f"console {name}") or (default,))[0]

    @property
    def whence(self) -> str:
        """How the log names the session (unverified)."""
        return "SERIAL" if self.user is None else f"SSH: {self.source} {self.user}"

    @property
    def asking(self) -> bool:
        """Whether a question waits for its one key."""
        return isinstance(self._waiting, Ask) and not self.closed

    @property
    def language(self) -> int:
        """Index of the language in `messages`."""
        return messages.ENCODINGS[self._setting("character", messages.DEFAULT_CHARACTER)][1]

    @property
    def codec(self) -> str:
        """The character set of the terminal."""
        character = self._setting("character", messages.DEFAULT_CHARACTER)
        return "utf-8" if self.script else messages.ENCODINGS[character][0]

    # --- one thing after the other --------------------------------------------------------------

    def _step(self) -> bool:
        """Do the next thing; False if something must be typed, or time must pass, first."""
        if self._paging:
            return self._key(self._page_key)
        if self._rows:
            return self._show_row()
        if self._done:
            self._done = False
            self._prompt()
            return True
        if self.wakes_at is not None:
            return self._pause()
        if isinstance(self._waiting, Ask):
            return self._key(self._answer)
        if self._job is not None and self._waiting is None:
            return self._drive(next)
        return self._key(self._edit)

    def _key(self, handler: Callable[[str], None]) -> bool:
        if not self._typed:
            return False
        handler(self._typed.popleft())
        return True

    def _pause(self) -> bool:
        assert self._job is not None
        if _CTRL_C in self._typed:
            while self._typed.popleft() != _CTRL_C:
                pass
            self.wakes_at = None
            return self._drive(lambda job: job.throw(Interrupted()))
        if self.wakes_at is not None and self.router.clock.now() < self.wakes_at:
            return False
        self.wakes_at = None
        return self._drive(next)

    def _advance(self, typed: str) -> None:
        self._waiting = None
        self._drive(lambda job: job.send(typed))

    def _drive(self, resume: Callable[[Job], Step]) -> bool:
        """Let the running command go on to its next step."""
        assert self._job is not None
        try:
            step = resume(self._job)
        except (StopIteration, Interrupted):
            self._job, self._done = None, True
            return True
        if isinstance(step, str):
            self._rows.extend(self._cut(step))
        elif isinstance(step, Pause):
            self.wakes_at = self.router.clock.now() + step.seconds
        else:
            self._waiting = step
            self._put(step.text if isinstance(step, Ask) else step.prompt)
        return True

    def _answer(self, key: str) -> None:
        if key in "yYnN":
            self._put(f"{key}\r\n")
            self._advance(key.lower())

    # --- typing ---------------------------------------------------------------------------------

    def _edit(self, char: str) -> None:
        if char in _LINE_ENDS:
            self._put("\r\n")
            text, self._line, self._mute = "".join(self._line), [], False
            self._entered(text)
        elif char == _CTRL_C:
            self._line = []
            self._put("\r\n")
            self._abandon()
        elif char in _ERASE:
            if self._line:
                self._line.pop()
                if not self._hidden:
                    self._put("\x08 \x08")
        elif char == "?" and self._waiting is None and not protects("".join(self._line)):
            self._help("".join(self._line))
        elif char.isprintable():
            if not self._line and self._waiting is None:
                self._mute = not self.script and self.router.faults.mutes()
            self._line.append(char)
            if not (self._hidden or self._mute):
                self._put(char)

    def _help(self, text: str) -> None:
        """Explain at once and write the line again; the `?` is no part of it."""
        self._put("\r\n")
        for line in explain(self, text):
            self._put(f"{line}\r\n")
        self._prompt()
        self._put(text)

    @property
    def _hidden(self) -> bool:
        return isinstance(self._waiting, Secret)

    def _entered(self, text: str) -> None:
        if self._waiting is not None:
            self._advance(text)
            return
        lost, self._lose_first = self._lose_first, False
        if lost or not text.strip():
            self._prompt()
            return
        self._page, self._answered = 1, len(self._screen)
        self._job = execute(self, text)
        if not self.script and (happens := self.router.faults.at(text)):
            self._job = disturbed(self, happens, self._job)

    def _abandon(self) -> None:
        if self._job is not None:
            self._job.close()
        self._job, self._waiting, self._done = None, None, False
        self._prompt()

    # --- the screen -----------------------------------------------------------------------------

    def _prompt(self) -> None:
        mark = "#" if self.administrator else ">"
        self._put(f"{self._setting('prompt', '')}{self.context.replace(' ', '')}{mark} ")

    @property
    def _width(self) -> int:
        """Columns that are filled before a line is cut: one less than the terminal has."""
        return 1_000_000 if self.script else int(self._setting("columns", "80")) - 1

    def _put(self, text: str) -> None:
        """Write to the screen, cut hard at its width, inside words too."""
        width, shown = self._width, []
        if text.isascii() and text.isprintable() and self._column + len(text) <= width:
            self._column += len(text)
            self._screen += text.encode("ascii")
            return
        for char in text:
            if char in "\r\n":
                self._column = 0
            elif char == "\x08":
                self._column = max(self._column - 1, 0)
            else:
                columns = _columns(char)
                if self._column + columns > width:
                    shown.append("\r\n")
                    self._column = 0
                self._column += columns
            shown.append(char)
        self._screen += "".join(shown).encode(self.codec, "replace")

    def _take_screen(self) -> bytes:
        shown = bytes(self._screen)
        self._screen.clear()
        self._answered = 0
        return shown

    def _cut(self, text: str) -> list[str]:
        """One line of output as rows of the screen."""
        rows, column, width = [""], 0, self._width
        for char in text:
            columns = _columns(char)
            if column + columns > width:
                rows.append("")
                column = 0
            rows[-1] += char
            column += columns
        return rows

    def _show_row(self) -> bool:
        lines = self._setting("lines", "24")
        if not self.script and lines != "infinity" and self._page >= int(lines) - 2:
            self._put(messages.text("pager", self.language))
            self._paging = True
        else:
            self._page += 1
            self._put(f"{self._rows.popleft()}\r\n")
        return True

    def _page_key(self, key: str) -> None:
        """SPACE: next page, ENTER: next line, `q` or Ctrl-C: no more (2.4)."""
        if key not in f" \rqQ{_CTRL_C}":
            return
        self._paging = False
        self._put("\r" + " " * 11 + "\r")
        if key == " ":
            self._page = 0
        elif key == "\r":
            self._page -= 1
        else:
            self._rows.clear()
            self._abandon()


def _columns(char: str) -> int:
    wide = not char.isascii() and unicodedata.east_asian_width(char) in "WF"
    return 2 if wide else 1
