"""The conversation with an interactive shell of an RTX, without any IO: text in, events out.

The router has no exit status and no framing.  After a line it sends the echo of what we typed
(cut hard at `console columns`, in the middle of words too), then the answer, then a prompt.  So an
answer is what stands between the echo, matched character by character, and a prompt at the very
end of what was received.

A prompt without a prefix (`# `) looks like the beginning of a comment of `show config`; while
such text may come, the prompt counts only after a moment of silence (`quiet`).

Sources: rtx-cli 1.5 (prompts, echo, pager, questions), 1.6 (passwords).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from . import answers

_ANY_PROMPT: Final = re.compile(r"(?:^|[\r\n])([^\r\n]{0,80}?)([>#]) \Z")
_PASSWORD: Final = re.compile(r"(?:^|[\r\n])[^\r\n]{0,40}[Pp]assword: ?\Z")
_PAGER: Final = re.compile(r"[ \t]*---[ \t]*(?:つづく|more)[ \t]*---[ \t]*\Z")
# The router wipes the pager's mark with a CR, blanks and a CR.
_WIPED: Final = re.compile(r"[ \t]*---[ \t]*(?:つづく|more)[ \t]*---[ \t]*\r[ \t]*\r")
_QUESTION: Final = re.compile(r"(?:^|[\r\n])([^\r\n]{0,200}\([Yy]/[Nn]\)[ ?:]{0,4})\Z")
_PRINTS_COMMENTS: Final = re.compile(r"(?:show|less)\s+(?:config|techinfo|exec)\b")
_ECHO_BEGINS: Final = re.compile(r"\n|[>#] ")
_TAIL: Final = 400
_LINE_END: Final = "\r\n"


@dataclass(frozen=True)
class Prompt:
    """The router waits for a line.  `context` is "", "tunnel2", "pp1" and so on."""

    prefix: str
    context: str
    administrator: bool

    @property
    def bare(self) -> bool:
        """Whether it could be the beginning of a comment line just as well."""
        return self.administrator and not self.prefix and not self.context


@dataclass(frozen=True)
class Answer:
    """All that a line brought; `error` is the router's refusal, None if there is none."""

    text: str
    error: str | None
    prompt: Prompt


@dataclass(frozen=True)
class PasswordWanted:
    """The router asks for a password; what is sent now is not echoed."""


@dataclass(frozen=True)
class Question:
    """The router asks for one key, without a line end."""

    text: str


@dataclass(frozen=True)
class Pager:
    """The router waits for a key before it prints on."""


Event = Answer | PasswordWanted | Question | Pager


@dataclass
class Shell:
    """One conversation.  `sent` tells it what was typed, `receive` what came back.

    `prefix` is what stands before `>` or `#` in every prompt (`console prompt`); None until a
    prompt was seen.
    """

    prefix: str | None = None
    _buffer: str = field(default="", repr=False)
    _echo: str | None = field(default=None, repr=False)
    _paged: int = 0

    def sent(self, line: str) -> None:
        """A line was typed whose echo will come."""
        self._buffer, self._echo, self._paged = "", line, 0

    def sent_unseen(self) -> None:
        """A password or a single key was typed: no echo that we could know comes back."""
        self._buffer, self._echo, self._paged = "", None, 0

    @property
    def received(self) -> str:
        """What came since the last line was typed, as far as it is no event yet."""
        return self._buffer

    def receive(self, text: str) -> list[Event]:
        """Take in what the router sent; the events that are certain now."""
        self._buffer += text
        return list(self._events())

    def quiet(self) -> list[Event]:
        """Nothing came for a moment: a prompt that looked like a comment is one."""
        return list(self._events(certain=True))

    def _events(self, *, certain: bool = False) -> Iterator[Event]:
        body = self._after_echo()
        if body is None:
            return
        tail = body[-_TAIL:]
        unlearned = self.prefix is None
        certain = certain or not self._prints_anything()
        if _PAGER.search(tail):
            # The mark stays in the buffer until it is wiped; it is one event all the same.
            if len(self._buffer) > self._paged:
                self._paged = len(self._buffer)
                yield Pager()
        elif certain and (asked := _QUESTION.search(tail)):
            yield Question(asked[1])
        elif certain and _PASSWORD.search(tail):
            yield PasswordWanted()
        elif (found := self._prompt(tail)) and (certain or not (found[0].bare or unlearned)):
            text = _clean(body[: len(body) - found[1]])
            yield Answer(text, answers.error_in(text), found[0])

    def _after_echo(self) -> str | None:
        """What stands after the echo; None as long as the echo is not complete.

        What the router prints of itself before the echo is passed over, line by line, and so is
        a prompt that came late.
        """
        if self._echo is None:
            return self._buffer
        starts = chain([0], (found.end() for found in _ECHO_BEGINS.finditer(self._buffer)))
        ends = (_match_wrapped(self._buffer, start, self._echo) for start in starts)
        end = next((end for end in ends if end is not None), None)
        return None if end is None or end > len(self._buffer) else self._buffer[end:]

    def _prompt(self, tail: str) -> tuple[Prompt, int] | None:
        """The prompt at the end, and its length."""
        if self.prefix is None:
            found = _ANY_PROMPT.search(tail)
            if found:
                return Prompt(found[1], "", found[2] == "#"), len(found[0].lstrip(_LINE_END))
            return None
        start = rf"(?:^|[\r\n]){re.escape(self.prefix)}"
        found = re.search(rf"{start}((?:pp|tunnel|switch)\S{{0,30}})?([>#]) \Z", tail)
        if not found:
            return None
        prompt = Prompt(self.prefix, found[1] or "", found[2] == "#")
        return prompt, len(found[0].lstrip(_LINE_END))

    def _prints_anything(self) -> bool:
        """Whether what comes now may look like a prompt or a question and be none."""
        return self.prefix is None or bool(_PRINTS_COMMENTS.match(self._echo or ""))


def _match_wrapped(text: str, start: int, typed: str) -> int | None:
    """Where `typed` ends in `text` from `start` on, line ends inside it not counted.

    Longer than the text: all of it matches so far.  None: something else stands there.
    """
    at = start
    for char in typed:
        while at < len(text) and text[at] in _LINE_END:
            at += 1
        if at >= len(text):
            return len(text) + 1
        if text[at] != char:
            return None
        at += 1
    return at if at < len(text) else len(text) + 1


def _clean(body: str) -> str:
    """An answer as lines: pager marks and CRs gone, no blank line at either end."""
    lines = _WIPED.sub("", body).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(lines)
