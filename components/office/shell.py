"""The conversation with an interactive shell of an RTX, without any IO: text in, events out.

The router has no exit status and no framing.  After a line it sends the echo of what we typed
(cut hard at `console columns`, in the middle of words too), then the answer, then a prompt.  So an
answer is what stands between the echo, matched character by character, and a prompt at the very
end of what was received.  Of lines that were sent ahead, an answer ends where a prompt is followed
by the echo of the next line.

A prompt without a prefix (`# `) looks like the beginning of a comment of `show config`; while
such text may come, the prompt is in doubt (`doubtful`).  An empty line settles it: the router draws
its prompt again.  Two in a row are a prompt, and so is one before a long silence (`quiet`).

Sources: rtx-cli 1.5 (prompts, echo, pager, questions), 1.6 (passwords).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from . import answers

# A prompt, alone or drawn again and again.
_ANY_PROMPT: Final = re.compile(
    r"(?:^|[\r\n])(?P<drawn>[^\r\n]{0,80}?[>#] )(?P<again>(?:[\r\n]+(?P=drawn))*)\Z"
)
_PASSWORD: Final = re.compile(r"(?:^|[\r\n])([^\r\n]{0,40}[Pp]assword: ?)\Z")
_PAGER: Final = re.compile(r"[ \t]*---[ \t]*(?:つづく|more)[ \t]*---[ \t]*\Z")
# The router wipes the pager's mark with a CR, blanks and a CR.
_WIPED: Final = re.compile(r"[ \t]*---[ \t]*(?:つづく|more)[ \t]*---[ \t]*\r[ \t]*\r")
_QUESTION: Final = re.compile(r"(?:^|[\r\n])([^\r\n]{0,200}\([Yy]/[Nn]\)[ ?:]{0,4})\Z")
# None of the router's comments holds a word that we look for.
_PRINTS_COMMENTS: Final = re.compile(r"(?:show|less)\s+(?:config|techinfo|exec)\b(?!.*\| grep )")
_ECHO_BEGINS: Final = re.compile(r"\n|[>#] ")
_REDRAW: Final = re.compile(r"\x08|\x1b\[(\d{0,4})([DK])")
_REDRAW_BEGINS: Final = re.compile(r"\x1b(?:\[\d{0,4})?")
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
    """The router asks for a password; what is sent now is not echoed.  `prompt` says for which."""

    prompt: str = ""


@dataclass(frozen=True)
class Question:
    """The router asks for one key, without a line end."""

    text: str


@dataclass(frozen=True)
class Pager:
    """The router waits for a key before it prints on."""


Event = Answer | PasswordWanted | Question | Pager


@dataclass(frozen=True)
class _Drawn:
    """A prompt at the end of what came; `sure`: it can be nothing else."""

    prompt: Prompt
    length: int
    sure: bool


def _drawn(found: re.Match[str], prompt: Prompt, *, learnt: bool = True) -> _Drawn:
    length = len(found[0].lstrip(_LINE_END))
    return _Drawn(prompt, length, bool(found["again"]) or (learnt and not prompt.bare))


@dataclass
class Shell:
    """One conversation.  `sent` tells it what was typed, `receive` what came back.

    `prefix` is what stands before `>` or `#` in every prompt (`console prompt`); None until a
    prompt was seen.
    """

    prefix: str | None = None
    _buffer: str = field(default="", repr=False)
    _echo: str | None = field(default=None, repr=False)
    _ahead: deque[str] = field(default_factory=deque, repr=False)
    _paged: int = 0
    _waiting: bool = True
    _comments: bool = False

    def sent(self, line: str) -> None:
        """A line was typed whose echo will come."""
        self._begin(line)

    def sent_ahead(self, line: str) -> None:
        """A line was typed, maybe before the answers to those before it; the prompt is known."""
        if self._waiting:
            self._ahead.append(line)
        else:
            self._begin(line)

    def sent_unseen(self) -> None:
        """A password or a single key was typed: no echo that we could know comes back."""
        self._begin(None)

    def _begin(self, echo: str | None) -> None:
        if echo is not None:
            # A password is part of the dialogue of the line before it.
            self._comments = bool(_PRINTS_COMMENTS.match(echo))
        self._buffer, self._echo, self._paged, self._waiting = "", echo, 0, True
        self._ahead.clear()

    @property
    def received(self) -> str:
        """What came since the last line was typed, as far as it is no event yet."""
        return self._buffer

    def receive(self, text: str) -> list[Event]:
        """Take in what the router sent; the events that are certain now."""
        self._buffer += text
        return list(self._events())

    def quiet(self) -> list[Event]:
        """Nothing came for a while: a prompt that looked like a comment is one."""
        return list(self._events(certain=True))

    @property
    def doubtful(self) -> bool:
        """Whether what came ends like a prompt, but need not be one."""
        body = self._after_echo() if self._waiting and not self._ahead else None
        return body is not None and self._prompt(body[-_TAIL:]) is not None

    def _events(self, *, certain: bool = False) -> Iterator[Event]:
        if not self._waiting:
            return
        while self._ahead and (answer := self._before_next_echo()):
            yield answer
        body = self._after_echo()
        if body is None:
            return
        tail = body[-_TAIL:]
        certain = certain or not self._prints_anything()
        if _PAGER.search(tail):
            # The mark stays in the buffer until it is wiped; it is one event all the same.
            if len(self._buffer) > self._paged:
                self._paged = len(self._buffer)
                yield Pager()
        elif certain and (asked := _QUESTION.search(tail)):
            yield Question(asked[1])
        elif (wanted := _PASSWORD.search(tail)) and (certain or wanted[1] == body.strip(_LINE_END)):
            yield PasswordWanted(wanted[1])
        elif self._ahead:
            return
        elif (drawn := self._prompt(tail)) and (certain or drawn.sure):
            text = _clean(body[: len(body) - drawn.length])
            self._buffer, self._waiting = "", False
            yield Answer(text, answers.error_in(text), drawn.prompt)

    def _before_next_echo(self) -> Answer | None:
        """The answer that ends where the echo of the next line begins; it leaves the buffer."""
        body = self._after_echo()
        if body is None:
            return None
        for found in re.finditer(rf"(?:\A|(?<=[\r\n])){self._known_prompt}", body):
            end = _match_wrapped(body, found.end(), self._ahead[0])
            if end is not None and end <= len(body):
                text = _clean(body[: found.start()])
                self._buffer, self._echo = body[found.end() :], self._ahead.popleft()
                return Answer(text, answers.error_in(text), self._as_prompt(found))
        return None

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

    def _prompt(self, tail: str) -> _Drawn | None:
        """The prompt at the end, all its repetitions included."""
        if self.prefix is None:
            found = _ANY_PROMPT.search(tail)
            if not found:
                return None
            prompt = Prompt(found["drawn"][:-2], "", found["drawn"][-2] == "#")
            return _drawn(found, prompt, learnt=False)
        known = rf"(?:^|[\r\n])(?P<drawn>{self._known_prompt})(?P<again>(?:[\r\n]+(?P=drawn))*)\Z"
        found = re.search(known, tail)
        return found and _drawn(found, self._as_prompt(found))

    @property
    def _known_prompt(self) -> str:
        """A pattern with the groups `context` and `mark`."""
        context = r"(?P<context>(?:pp|tunnel|switch)\S{0,30})?"
        return rf"{re.escape(self.prefix or '')}{context}(?P<mark>[>#]) "

    def _as_prompt(self, found: re.Match[str]) -> Prompt:
        return Prompt(self.prefix or "", found["context"] or "", found["mark"] == "#")

    def _prints_anything(self) -> bool:
        """Whether what comes now may look like a prompt or a question and be none."""
        return self.prefix is None or self._comments


def _match_wrapped(text: str, start: int, typed: str) -> int | None:
    """Where `typed` ends in `text` from `start` on, line ends inside it not counted.

    A terminal that redraws the line goes left by BS or `ESC [ n D` and writes again what stands
    there; `ESC [ K` clears nothing that is still to come.
    Longer than the text: all of it matches so far.  None: something else stands there.
    """
    at, cursor = start, 0
    while at < len(text):
        if text[at] in "\b\x1b":
            moved = _REDRAW.match(text, at)
            if not moved:
                return len(text) + 1 if _REDRAW_BEGINS.fullmatch(text, at) else None
            left = 1 if moved[0] == "\b" else int(moved[1] or 1) if moved[2] == "D" else 0
            cursor, at = max(cursor - left, 0), moved.end()
        elif cursor == len(typed):
            return at
        elif text[at] in _LINE_END:
            at += 1
        elif text[at] == typed[cursor]:
            at, cursor = at + 1, cursor + 1
        else:
            return None
    return len(text) + 1


def _clean(body: str) -> str:
    """An answer as lines: pager marks and CRs gone, no blank line at either end."""
    lines = _WIPED.sub("", body).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(lines)
