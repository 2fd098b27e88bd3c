"""Terminals of every kind, cut anywhere: the same events, and never an error of another kind."""

from __future__ import annotations

import random
from itertools import pairwise

from components.office.shell import Answer, Event, Shell

LINES = (
    "show config",
    "show environment",
    "ipsec ike encryption 2 aes-cbc",
    "tunnel select 2",
    "no ip route 10.0.0.0/8",
    'description tunnel "東京 # > "',
    "",
)
ANSWERS = (
    "",
    "# RTX1220 Rev.15.04.03 (x)\nip route default gateway pp 1\n",
    "エラー: パラメータの数が不適当です\n",
    "Error: Invalid command name\n",
    "TUNNEL[1]: \n  Current status is Online.\n",
    "RTX1220 BootROM Ver. 1.00\n  Memory 16% used\n",
)
PROMPTS = ("# ", "> ", "tunnel2# ", "pp1# ", "ppanonymous# ")
PREFIXES = ("", "rtx1", "[office] ", "東京")
JUNK = (
    *("\r", "\n", "\r\n", "\b", "\x00", "\x1b", "\x1b[", "\x1b[6D", "# ", "> "),
    *("---more---", "---つづく---", "(Y/N)", "Password: ", "エラー: "),
)


def transcript(chance: random.Random, line: str, prefix: str) -> str:
    """What a router sends after `line`: the echo, cut or drawn again; the answer; the prompt."""
    columns = chance.choice((20, 79, 4095))
    echo = "\r\n".join(line[n : n + columns] for n in range(0, max(len(line), 1), columns))
    if chance.random() < 0.2 and line:
        part = chance.randint(1, len(line))
        echo = f"{line[:part]}\x1b[{part}D{line}"
    body = chance.choice(ANSWERS).replace("\n", "\r\n")
    if chance.random() < 0.2 and body:
        mark = chance.choice(("---more---", "---つづく---"))
        body = f"{mark}\r          \r{body}"
    return f"{echo}\r\n{body}{prefix}{chance.choice(PROMPTS)}"


def events(shell: Shell, pieces: list[str]) -> list[Event]:
    """All that comes of the pieces, silence after the last one included."""
    found: list[Event] = []
    for piece in pieces:
        found += shell.receive(piece)
        # A prompt in doubt is never told as an answer, nor is one that was told still in doubt.
        assert not (shell.doubtful and found and isinstance(found[-1], Answer))
    return found if found and isinstance(found[-1], Answer) else [*found, *shell.quiet()]


def cut(chance: random.Random, text: str) -> list[str]:
    """The text in pieces."""
    at = sorted({chance.randint(0, len(text)) for _ in range(chance.randint(0, 6))})
    ends = [0, *at, len(text)]
    return [text[a:b] for a, b in pairwise(ends)]


def ahead(chance: random.Random, number: int, seed: int) -> None:
    """Lines that print nothing or a refusal, sent before their answers: each gets its own."""
    prefix, columns = chance.choice(PREFIXES), chance.choice((20, 79, 4095))
    lines = [f"ip filter {n} pass {'10.0.0.0/8 ' * chance.randint(1, 20)}*" for n in range(9)]
    said = [chance.choice(("", "", "エラー: 値\r\n", "Error: Invalid\r\n")) for _ in lines]
    text = ""
    for line, answer in zip(lines, said, strict=True):
        drawn = f"{prefix}# {line}"
        echo = "\r\n".join(drawn[n : n + columns] for n in range(0, len(drawn), columns))
        text += f"{echo}\r\n{answer}"
    shell = Shell(prefix=prefix)
    for line in lines:
        (shell.sent if line == lines[0] else shell.sent_ahead)(line)
    found = events(shell, cut(chance, f"{text}{prefix}# "))
    errors = [event.error or "" for event in found if isinstance(event, Answer)]
    assert errors == [each.strip() for each in said], f"seed {seed}, input {number}: {text!r}"


def run(count: int, seed: int) -> None:
    """Half of the transcripts are whole: however they are cut, they end in one answer."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 10 == 0:
            ahead(chance, number, seed)
        line, prefix = chance.choice(LINES), chance.choice(PREFIXES)
        text = transcript(chance, line, prefix)
        whole = chance.random() < 0.5
        if not whole:
            for _ in range(chance.randint(1, 4)):
                at = chance.randint(0, len(text))
                text = text[:at] + chance.choice(JUNK) + text[at + chance.choice((0, 0, 1, 9)) :]
        shell = Shell(prefix=prefix)
        shell.sent(line)
        try:
            found = events(shell, cut(chance, text))
        except Exception as error:
            raise AssertionError(f"seed {seed}, input {number}: {line!r} {text!r}") from error
        if whole:
            last = found[-1] if found else None
            assert isinstance(last, Answer), f"seed {seed}, input {number}: {line!r} {text!r}"
            assert "---" not in last.text, f"seed {seed}, input {number}: {text!r}"
