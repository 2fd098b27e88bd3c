"""The RTX commands that we write or must understand, as one table.

A pattern is the part of a command that says *which* line it is; what follows it is the value, and
typing a pattern again with another value replaces the line (command reference 1.4).  In a pattern
`<gateway>` and the like stand for a token that belongs to the key, and `a|b` are two spellings of
one word, the first of which is the one we compare with.

Commands that are not in the table are kept as they are: their whole text is their key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Final, Literal, NamedTuple

PSK_PLACEHOLDER: Final = "<psk>"
"""Stands in every text of ours where the router has the pre-shared key."""

Scope = Literal["global", "tunnel", "pp"]

NUMBER: Final = r"[0-9]{1,10}"
"""No number of an RTX is longer (the highest policy id is 2147483647)."""

_INTERFACE = r"(?:lan|vlan|bridge|wan|onu|loopback)\S*"
_NUMBERS = ("gateway", "policy", "tunnel", "descriptor", "id", "pp")
_PLACEHOLDERS: Final = {name: re.compile(NUMBER) for name in _NUMBERS} | {
    "interface": re.compile(_INTERFACE, re.IGNORECASE),
    "network": re.compile(r"\S+"),
    "user": re.compile(r"\S+"),
    "word": re.compile(r"\S+"),
}
# A token ends at a blank that is neither quoted nor escaped (command reference 1.5).
_TOKEN: Final = re.compile(r"""(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+""")


class Secret(NamedTuple):
    """Where a command holds a secret: all that follows `keep`, a pattern; written as `shown`."""

    keep: str = ""
    shown: str = "*"


class Key(NamedTuple):
    """What identifies a line: two lines with one key cannot stand beside each other."""

    context: str
    words: str


class _Step(NamedTuple):
    """One word of a pattern: its spellings, or the name and the form of what stands there."""

    spellings: tuple[str, ...]
    name: str = ""
    form: re.Pattern[str] | None = None


def _step(word: str) -> _Step:
    if word.startswith("<"):
        return _Step((), word[1:-1], _PLACEHOLDERS[word[1:-1]])
    return _Step(tuple(word.split("|")))


@dataclass(frozen=True)
class Command:
    """One command of the RTX.

    `scope` says where its lines belong: "global" lines are the router's own wherever they are
    printed.  `default` is the value that a missing line means (None: there is none, or it depends
    on the revision).  `off` is how the line is taken away where that is not `no` and the pattern.
    `section` is the chapter of the command reference.
    """

    pattern: str
    scope: Scope
    section: str
    default: str | None = None
    secret: Secret | None = None
    off: str = ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The pattern, word by word."""
        return tuple(self.pattern.split())

    @cached_property
    def steps(self) -> tuple[_Step, ...]:
        """The pattern, ready to be compared with a line word by word."""
        return tuple(map(_step, self.words))


def _ike(what: str, section: str, default: str | None = None) -> Command:
    return Command(f"ipsec ike {what} <gateway>", "global", section, default)


_PSK = Secret(keep=r"(?:text[ \t]+)?", shown=PSK_PLACEHOLDER)
_PASSWORD = Secret()
_NAME_AND_PASSWORD = Secret(keep=r"\S+[ \t]+")

COMMANDS: Final = (
    # The tunnel interface.
    Command("tunnel encapsulation", "tunnel", "14.4", "ipsec"),
    Command("tunnel type", "tunnel", "14.3", "point-to-point"),
    Command("tunnel name", "tunnel", "33.5"),
    Command("tunnel backup", "tunnel", "15.49.5"),
    Command("tunnel template", "tunnel", "15.49.6"),
    Command("tunnel endpoint address", "tunnel", "14"),
    Command("description tunnel", "tunnel", "4.56"),
    Command("ip tunnel address", "tunnel", "14.5"),
    Command("ip tunnel remote address", "tunnel", "14.6"),
    Command("ip tunnel mtu", "tunnel", "8.1.4", "1280"),
    # The default of the MSS limit depends on model and revision.
    Command("ip tunnel tcp mss limit", "tunnel", "8.1.21"),
    Command("ip tunnel secure filter in", "tunnel", "8.1.25"),
    Command("ip tunnel secure filter out", "tunnel", "8.1.25"),
    Command("ip tunnel nat descriptor", "tunnel", "23.2"),
    Command("ipsec tunnel", "tunnel", "15.49.3"),
    Command("ipsec tunnel outer df-bit", "tunnel", "15.49.1", "copy"),
    Command(
        "ipsec tunnel fastpath-fragment-function follow df-bit", "tunnel", "15.49.2", default="off"
    ),
    Command("tunnel enable <tunnel>", "global", "14.1", off="tunnel disable <tunnel>"),
    # IKE and IPsec.
    Command("ipsec use", "global", "15.1", "on"),
    Command("ipsec auto refresh", "global", "15.10", "off"),
    Command("ipsec auto refresh <gateway>", "global", "15.10", "on"),
    Command("ipsec sa policy <policy>", "global", "15.48.2"),
    Command("ipsec transport <id>", "global", "15.50"),
    Command("ipsec ike pre-shared-key <gateway>", "global", "15.5", secret=_PSK),
    Command("ipsec ike eap myname <gateway>", "global", "15", secret=_NAME_AND_PASSWORD),
    Command("ipsec ike xauth myname <gateway>", "global", "15.31", secret=_NAME_AND_PASSWORD),
    Command("ipsec ike retry", "global", "15.13", "10 5 3"),
    Command("ipsec ike queue length", "global", "15.23"),
    _ike("version", "15.2", "1"),
    _ike("auth method", "15.3", "auto"),
    _ike("negotiate-strictly", "15.11", "off"),
    # The reference prints the `no` form of this one without the gateway; with it is assumed to
    # work as for all its siblings (unverified).
    _ike("always-on", "15.12", "off"),
    _ike("remote name", "15.14"),
    _ike("remote address", "15.15"),
    _ike("remote id", "15.16"),
    _ike("local name", "15.17"),
    _ike("local address", "15.18"),
    _ike("local id", "15.19"),
    _ike("keepalive use", "15.20", "auto"),
    _ike("keepalive log", "15.21", "on"),
    _ike("encryption", "15.22", "3des-cbc"),
    _ike("group", "15.24", "modp1024"),
    _ike("hash", "15.25", "sha"),
    _ike("payload type", "15.27"),
    _ike("backward-compatibility", "15.28", "1"),
    _ike("send info", "15.29", "on"),
    _ike("pfs", "15.30", "off"),
    _ike("log", "15.42"),
    _ike("esp-encapsulation", "15.43", "off"),
    _ike("proposal-limitation", "15.44", "off"),
    _ike("message-id-control", "15.45", "off"),
    _ike("child-exchange type", "15.46", "1"),
    _ike("negotiation receive", "15.47", "on"),
    _ike("duration ipsec-sa|child-sa", "15.48.1", "28800"),
    _ike("duration isakmp-sa|ike-sa", "15.48.1", "28800"),
    _ike("restrict-dangling-sa", "15.48.4", "auto"),
    _ike("nat-traversal", "15.48.5", "off"),
    # Any other IKE line still names its gateway.
    _ike("<word>", "15"),
    _ike("<word> <word>", "15"),
    # Routes, filters, NAT.
    Command("ip route <network>", "global", "8.1.7"),
    Command("ip keepalive <id>", "global", "8.5.8"),
    Command("ip filter <id>", "global", "8.1.10"),
    Command("ip filter dynamic <id>", "global", "8.1"),
    Command("ip <interface> address", "global", "8.1"),
    Command("ip <interface> mtu", "global", "8.1.4"),
    Command("ip <interface> secure filter in", "global", "8.1.25"),
    Command("ip <interface> secure filter out", "global", "8.1.25"),
    Command("ip <interface> nat descriptor", "global", "23.2"),
    Command("nat descriptor type <descriptor>", "global", "23.1"),
    Command("nat descriptor address outer <descriptor>", "global", "23.4"),
    Command("nat descriptor address inner <descriptor>", "global", "23.5"),
    Command("nat descriptor masquerade static <descriptor> <id>", "global", "23.8"),
    Command("nat descriptor masquerade incoming <descriptor>", "global", "23.10", "reject"),
    # PPP.
    Command("pp enable <pp>", "global", "11", off="pp disable <pp>"),
    Command("pp always-on", "pp", "11", "off"),
    Command("pp auth accept", "pp", "11.3"),
    Command("pp auth myname", "pp", "11.4", secret=_NAME_AND_PASSWORD),
    Command("pp auth username <user>", "pp", "11.2", secret=_PASSWORD),
    Command("ip pp address", "pp", "8.1"),
    Command("ip pp mtu", "pp", "8.1.4"),
    Command("ip pp secure filter in", "pp", "8.1.25"),
    Command("ip pp secure filter out", "pp", "8.1.25"),
    Command("ip pp nat descriptor", "pp", "23.2"),
    # The router itself.
    Command("console character", "global", "4.21"),
    Command("console columns", "global", "4.22", "80"),
    Command("console lines", "global", "4.23", "24"),
    Command("console info", "global", "4.24", "off"),
    Command("console prompt", "global", "4.20"),
    Command("login password", "global", "4.1", secret=_PASSWORD),
    Command("administrator password", "global", "4.3", secret=_PASSWORD),
    Command("login user <user>", "global", "4.5", secret=_PASSWORD),
    Command("login timer", "global", "4.53", "300"),
    Command("user attribute <user>", "global", "4"),
    Command("sshd host key generate", "global", "4.69", secret=_PASSWORD),
    Command("schedule at <id>", "global", "37.1"),
    Command("l2tp tunnel auth", "tunnel", "", secret=_NAME_AND_PASSWORD),
    Command("snmp community read-only", "global", "", secret=_PASSWORD),
    Command("snmp community read-write", "global", "", secret=_PASSWORD),
)


class Match(NamedTuple):
    """A statement understood: its command, its own spelling of the key, and what follows."""

    command: Command
    key: tuple[str, ...]
    spelled: tuple[str, ...]
    value: tuple[str, ...]
    named: dict[str, str]


def _specific(command: Command) -> tuple[int, int]:
    literals = sum(not word.startswith("<") for word in command.words)
    return literals, len(command.words)


_INDEXED: Final = 3


def _plain_start(command: Command) -> tuple[str, ...]:
    """The first words that every line of the command has, as many as the index looks at."""
    plain_words = takewhile(
        lambda word: not word.startswith("<") and "|" not in word, command.words
    )
    return tuple(plain_words)[:_INDEXED]


def _by_first_words() -> dict[tuple[str, ...], list[Command]]:
    found: dict[tuple[str, ...], list[Command]] = {}
    for command in sorted(COMMANDS, key=_specific, reverse=True):
        found.setdefault(_plain_start(command), []).append(command)
    return found


_TABLE: Final = _by_first_words()


def tokens(text: str) -> tuple[str, ...]:
    """The words of a command; quotes and escapes stay as they are written."""
    if '"' in text or "'" in text or "\\" in text:
        return tuple(_TOKEN.findall(text))
    return tuple(text.split())


def plain(token: str) -> str:
    """A token without its quotes and escapes."""
    return re.sub(r"\\(.)|[\"']", lambda found: found.group(1) or "", token)


def _read(command: Command, words: tuple[str, ...]) -> Match | None:
    key: list[str] = []
    named: dict[str, str] = {}
    size = len(command.steps)
    if len(words) < size:
        return None
    for (spellings, name, form), word in zip(command.steps, words, strict=False):
        if form is not None:
            if not form.fullmatch(word):
                return None
            named[name] = word
            key.append(word)
        elif word in spellings or word.lower() in spellings:
            key.append(spellings[0])
        else:
            return None
    return Match(command, tuple(key), words[:size], words[size:], named)


@lru_cache(maxsize=1 << 15)
def match(text: str) -> Match | None:
    """The command in the table that `text` is a line of, or None."""
    words = tokens(text)
    for command in _candidates(words[:_INDEXED]):
        if found := _read(command, words):
            return found
    return None


@lru_cache(maxsize=1 << 12)
def _candidates(start: tuple[str, ...]) -> tuple[Command, ...]:
    """The commands that a line with these first words may be of.

    What shares more words with the line comes first.
    """
    words = tuple(word.lower() for word in start)
    return tuple(c for size in range(len(words), 0, -1) for c in _TABLE.get(words[:size], ()))


def key_of(text: str, context: str = "") -> Key:
    """What identifies this line where it stands; `context` is "", "tunnel 2", "pp 1" and so on."""
    found = match(text)
    if not found:
        return Key(context, " ".join(text.split()))
    return Key("" if found.command.scope == "global" else context, " ".join(found.key))


def no_form(text: str) -> str:
    """The command that takes this line away (command reference 1.4)."""
    found = match(text)
    if not found:
        return f"no {text}"
    if found.command.off:
        return re.sub(r"<(\w+)>", lambda name: found.named[name.group(1)], found.command.off)
    return "no " + " ".join(found.spelled)


def equal(a: str, b: str) -> bool:
    """Whether two lines of one context say the same, whatever their spelling."""
    one, other = match(a), match(b)
    if not one or not other:
        return a.split() == b.split()
    return one.key == other.key and _value(one) == _value(other)


def _value(found: Match) -> list[str]:
    return [plain(token) for token in found.value]


def is_default(text: str) -> bool:
    """Whether the router would do the same without this line."""
    found = match(text)
    return bool(found and found.command.default == " ".join(found.value))


def _secret_pattern(command: Command) -> re.Pattern[str]:
    def word(want: str) -> str:
        return r"\S+" if want.startswith("<") else f"(?:{want})"

    # Blanks only, never a line end: a secret ends with its line.
    keep = command.secret.keep if command.secret else ""
    start = "[ \t]+".join(word(want) for want in command.words)
    return re.compile(rf"(\b{start}[ \t]+{keep})\S[^\r\n]*", re.IGNORECASE)


_SECRETS: Final = tuple(
    (_secret_pattern(command), command.secret.shown) for command in COMMANDS if command.secret
)


def masked(text: str) -> str:
    """`text` (any number of lines) with every secret replaced: fit for logs and errors."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(rf"\g<1>{shown}", text)
    return text
