"""Damaged configurations: whatever they are, reading and judging them gives a value.

Written back they are what they were, and with a change in them they say what the model says.
"""

from __future__ import annotations

import random
from pathlib import Path

from components.errors import VpnError
from components.office.audit import audit
from components.office.config import Config
from components.office.facts import facts_of
from components.office.facts_json import as_json
from components.office.plan import apply_to
from components.office.reading import read, write

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
TEXT = r"""
0 1 101 999999999999999999999 -1 * any on off none default text 0x 0xZZ dpd heartbeat
tunnel pp gateway ipsec ike select policy filter dynamic 192.0.2.1/33 1.2.3 a=b
" ' \ # > ---more--- ---つづく--- 東京 template 1-100000 2001:db8::1
"""
WORDS = TEXT.split()


def damaged(chance: random.Random, text: bytes, other: bytes) -> bytes:
    """The text with a few of the things that go wrong on the way."""
    data = bytearray(text[: chance.randint(0, 1500)])
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        size = chance.choice((0, 0, 1, 5, 40))
        kind = chance.randint(0, 5)
        if kind == 0:
            data[at : at + size] = chance.randbytes(chance.randint(0, 8))
        elif kind == 1:
            data[at : at + size] = f" {chance.choice(WORDS)} ".encode()
        elif kind == 2:
            start = chance.randint(0, len(other))
            data[at : at + size] = other[start : start + chance.randint(0, 90)]
        elif kind == 3:
            data[at:at] = chance.choice((b"\n", b"\r", b"\r\n", b" ", b"\x00", b"\x1b[K"))
        elif kind == 4:
            data[at : at + size] = chance.choice(WORDS).encode("cp932", "replace")
        else:
            del data[at : at + size]
    return bytes(data)


CHANGES = (
    ("ip filter 77 pass * * udp * 500",),
    ("tunnel select 1", "ip tunnel mtu 1234", "tunnel select none"),
    ("ipsec ike hash 1 sha256", "no ipsec auto refresh"),
    ("tunnel disable 1", "no ip route default"),
)


def check_change(data: bytes, config: Config) -> None:
    """Write each of the changes; what is read again holds every line of it, and no other line.

    A text whose lines would be read together in another way is refused.
    """
    for commands in CHANGES:
        after = apply_to(config, commands)
        try:
            again = read(write(data, after))
        except VpnError:
            continue
        had, have = ({s.key: s.text for s in c.statements} for c in (after, again))
        new = [s for s in after.statements if not s.number]
        assert all(have.get(s.key) == s.text for s in new), commands
        assert len(again.statements) <= len(config.statements) + len(new), commands
        assert set(have) - set(had) == set(), commands


def run(count: int, seed: int) -> None:
    """Read `count` texts; some are changed or judged too, which takes longer."""
    chance = random.Random(seed)
    texts = [file.read_bytes() for file in sorted(CORPUS.glob("*.txt"))]
    for number in range(count):
        data = damaged(chance, chance.choice(texts), chance.choice(texts))
        try:
            config = read(data)
            as_json(facts_of(config))
            assert write(data, config) == data
            # What no encoding explains may look like another one as soon as a line is gone.
            if number % 4 == 0 and config.source.isascii():
                check_change(data, config)
            if number % 8 == 0:
                audit(config, tunnel=chance.choice((None, 1, 2)))
        except Exception as error:
            raise AssertionError(f"seed {seed}, input {number}: {data!r}") from error
