"""The RTX commands that we write or must understand, as one table.

A pattern is the part of a command that says *which* line it is; what follows it is the value, and
typing a pattern again with another value replaces the line (command reference 1.4).  What can
stand several times has what tells one from the other in its pattern.  In a pattern `<gateway>` and
the like stand for a token that belongs to the key, and `a|b` are two spellings of one word, the
first of which is the one we compare with.

Commands that are not in the table are kept as they are: their whole text is their key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

from . import defaults
from .defaults import Default, same

PSK_PLACEHOLDER: Final = "<psk>"
"""Stands in every text of ours where the router has the pre-shared key."""

Scope = Literal["global", "tunnel", "pp"]

NUMBER: Final = r"[0-9]{1,10}"
"""No number of an RTX is longer (the highest policy id is 2147483647)."""

OWNERS: Final = ("tunnel", "policy", "gateway")
_INTERFACE = r"(?:lan|vlan|bridge|wan|onu|loopback)\S*"
_NUMBERS = ("gateway", "policy", "tunnel", "descriptor", "id")
_PLACEHOLDERS: Final = {name: re.compile(NUMBER) for name in _NUMBERS} | {
    "pp": re.compile(rf"{NUMBER}|anonymous", re.IGNORECASE),
    "interface": re.compile(_INTERFACE, re.IGNORECASE),
    "network": re.compile(r"\S+"),
    "user": re.compile(r"\S+"),
    "word": re.compile(r"\S+"),
}


class Secret(NamedTuple):
    """Where a command holds a secret: all that follows `keep`, a pattern; written as `shown`."""

    keep: str = ""
    shown: str = "*"


class Step(NamedTuple):
    """One word of a pattern: its spellings, or the name and the form of what stands there."""

    spellings: tuple[str, ...]
    name: str = ""
    form: re.Pattern[str] | None = None


def _step(word: str) -> Step:
    if word.startswith("<"):
        return Step((), word[1:-1], _PLACEHOLDERS[word[1:-1]])
    return Step(tuple(word.split("|")))


@dataclass(frozen=True)
class Command:
    """One command of the RTX.

    Typed again with the same words of its pattern, a line replaces the one that stands.  `scope`
    says where its lines belong: "global" lines are the router's own wherever they are printed.
    `section` is the chapter of the command reference.  `default` is what a missing line
    means (None: nothing that a line could say).  `off` is how the line is taken away where that is
    not `no` and the pattern.
    """

    pattern: str
    scope: Scope
    section: str
    default: str | tuple[Default, ...] | None = None
    secret: Secret | None = None
    off: str = ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The pattern, word by word."""
        return tuple(self.pattern.split())

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The pattern, ready to be compared with a line word by word."""
        return tuple(map(_step, self.words))

    @cached_property
    def places(self) -> dict[str, int]:
        """Which words of a line have a name, as `<gateway>` has."""
        return {step.name: at for at, step in enumerate(self.steps) if step.name}

    @cached_property
    def owner(self) -> str:
        """What the line belongs to besides its context: "tunnel", "policy", "gateway" or ""."""
        return next((name for name in self.places if name in OWNERS), "")

    @cached_property
    def owner_at(self) -> int:
        """Which of the words is the number of that; 0: none."""
        return self.places.get(self.owner, 0)

    def defaults(self, model: str = "", revision: str = "") -> tuple[str, ...]:
        """All values that say what a missing line means there, the shortest first."""
        if isinstance(self.default, tuple):
            return defaults.of_model(self.default, model, revision)
        return () if self.default is None else (self.default,)


_PSK = Secret(keep=r"(?:text[ \t]+)?", shown=PSK_PLACEHOLDER)
_PASSWORD = Secret()
# After the words that name who or what a secret is for.
_ONE, _TWO = Secret(keep=r"\S+[ \t]+"), Secret(keep=r"(?:\S+[ \t]+){2}")
_FIVE = Secret(keep=r"(?:\S+[ \t]+){5}")
_TEXT = Secret(keep=r"(?:text[ \t]+)?")
_OPTION = Secret(keep=r"[^\r\n]*?\b(?:authkey|md5key|auth)=")
_MAIL = Secret(keep=r"[^\r\n]*?\b(?:smtp-auth|pop3|apop)[ \t]+\S+[ \t]+")
_FILE = Secret(keep=r"[^\r\n]*?\b(?:aes128|aes256)[-\w]*[ \t]+")

_Default = str | tuple[Default, ...] | None


def _tunnel(pattern: str, section: str, default: _Default = None) -> Command:
    return Command(pattern, "tunnel", section, default)


def _pp(pattern: str, section: str, default: _Default = None) -> Command:
    return Command(pattern, "pp", section, default)


def _router(pattern: str, section: str, default: _Default = None) -> Command:
    return Command(pattern, "global", section, default)


def _ike(what: str, section: str, default: _Default = None) -> Command:
    return Command(f"ipsec ike {what} <gateway>", "global", section, default)


def _hidden(
    pattern: str, section: str, secret: Secret = _PASSWORD, scope: Scope = "global"
) -> Command:
    return Command(pattern, scope, section, secret=secret)


_INTERFACES: Final[tuple[tuple[str, Scope], ...]] = (
    ("<interface>", "global"),
    ("pp", "pp"),
    ("tunnel", "tunnel"),
)


def _on_each(what: str, section: str, default: _Default = None) -> tuple[Command, ...]:
    """A command that LAN and WAN interfaces, PP and tunnels have alike."""
    return tuple(Command(f"ip {i} {what}", s, section, default) for i, s in _INTERFACES)


_TUNNEL: Final = (
    _tunnel("tunnel encapsulation", "14.4", "ipsec"),
    _tunnel("tunnel type", "14.3", "point-to-point"),
    _tunnel("tunnel name", "33.5"),
    _tunnel("tunnel backup", "15.49.5", "none"),
    _tunnel("tunnel template", "15.49.6"),
    _tunnel("tunnel endpoint address", "14.9"),
    _tunnel("tunnel endpoint remote address", "14.7"),
    _tunnel("tunnel endpoint local address", "14.8"),
    _tunnel("tunnel endpoint name", "14.10"),
    _tunnel("tunnel multipoint server <id>", "14.11"),
    _tunnel("tunnel multipoint local name", "14.12"),
    _tunnel("tunnel map-e type", "14.14", "v6plus"),
    _tunnel("tunnel translation", "14.15"),
    _hidden("tunnel hb46pp auth myname", "14.16", _ONE, "tunnel"),
    _tunnel("description tunnel", "4.56"),
    _tunnel("ip tunnel address", "14.5"),
    _tunnel("ip tunnel remote address", "14.6"),
    _tunnel("ipsec tunnel", "15.49.3"),
    _tunnel("ipsec tunnel fastpath-fragment-function follow df-bit", "15.49.1", "off"),
    _tunnel("ipsec tunnel outer df-bit", "15.49.2", "copy"),
    _tunnel("ipsec ipcomp type", "15.49.4", "none"),
    _hidden("l2tp tunnel auth", "16.2", _ONE, "tunnel"),
    _tunnel("l2tp tunnel disconnect time", "16.3", "60"),
    _tunnel("l2tp keepalive use", "16.4", same("on", "on 10 6")),
    _tunnel("l2tp keepalive log", "16.5", "off"),
    Command("tunnel enable <tunnel>", "global", "14.1", off="tunnel disable <tunnel>"),
)

_IPSEC: Final = (
    _router("ipsec use", "15.1", "on"),
    _router("ipsec auto refresh", "15.10", "off"),
    _router("ipsec auto refresh <gateway>", "15.10", "on"),
    _router("ipsec log illegal-spi", "15.26", "off"),
    _router("ipsec sa policy <policy>", "15.48.2"),
    _router("ipsec transport <id>", "15.50.1"),
    _router("ipsec transport template <id>", "15.50.2"),
    Command("ipsec ike pre-shared-key <gateway>", "global", "15.5", secret=_PSK),
    _hidden("ipsec ike eap myname <gateway>", "15.7", _ONE),
    _hidden("ipsec ike xauth myname <gateway>", "15.31", _ONE),
    _hidden("ipsec ike license-key <id>", "15.40"),
    _router("ipsec ike retry", "15.13", same("10 5 3", "10 5")),
    _router("ipsec ike queue length", "15.23", defaults.IKE_QUEUE),
    _router("ipsec ike log", "15.42"),
    _router("ipsec ike mode-cfg address pool <id>", "15.37"),
    _ike("version", "15.2", "1"),
    _ike("auth method", "15.3", "auto"),
    _ike("auto received-id-route-add", "15.4", "off"),
    _ike("pki file", "15.6"),
    _ike("eap request", "15.8", "off"),
    _ike("eap send certreq", "15.9", "off"),
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
    _ike(
        "keepalive use",
        "15.20",
        same("auto", "auto heartbeat", "auto heartbeat 10 6", "auto heartbeat 10 6 0"),
    ),
    _ike("keepalive log", "15.21", "on"),
    _ike("encryption", "15.22", "3des-cbc"),
    # One group serves both phases.
    _ike("group", "15.24", same("modp1024", "modp1024 modp1024")),
    _ike("hash", "15.25", "sha"),
    _ike("payload type", "15.27", same("2", "2 2")),
    _ike("backward-compatibility", "15.28", "1"),
    _ike("send info", "15.29", "on"),
    _ike("pfs", "15.30", "off"),
    _ike("xauth request", "15.36", "off"),
    _ike("mode-cfg method", "15.38"),
    _ike("mode-cfg address", "15.39"),
    _ike("license-key use", "15.41", "off"),
    _ike("log", "15.42"),
    _ike("esp-encapsulation", "15.43", "off"),
    _ike("proposal-limitation", "15.44", "off"),
    _ike("message-id-control", "15.45", "off"),
    _ike("child-exchange type", "15.46", "1"),
    _ike("negotiation receive", "15.47", "on"),
    _ike("duration ipsec-sa|child-sa", "15.48.1", defaults.IPSEC_SA_LIFETIME),
    _ike("duration isakmp-sa|ike-sa", "15.48.1", same("28800", "28800 rekey 75%")),
    _ike("restrict-dangling-sa", "15.48.4", "auto"),
    _ike("nat-traversal", "15.48.5", same("off", "off keepalive=300 force=off type=1")),
    # Any other IKE line still names its gateway.
    _ike("<word>", "15"),
    _ike("<word> <word>", "15"),
    _hidden("auth user <id>", "15.32", _ONE),
    _hidden("pki certificate file <id>", "15.51.1", _TWO),
)

_WAY: Final = (
    _router("ip route <network>", "8.1.7"),
    _router("ip route change log", "8.1.24", "off"),
    _router("ip routing", "8.1.1", "on"),
    _router("ip keepalive <id>", "8.5.8"),
    _router("ip filter <id>", "8.1.10"),
    _router("ip filter set <word> <word>", "8.1.11"),
    _router("ip filter dynamic <id>", "8.1.14"),
    _router("ip filter dynamic timer", "8.1.15"),
    _router("ip filter source-route", "8.1.12", "on"),
    _router("ip filter directed-broadcast", "8.1.13", "on"),
    _router("ip <interface> address", "8.1.2"),
    _pp("ip pp address", "8.1.2"),
    _router("ip <interface> mtu", "8.1.4", "1500"),
    _pp("ip pp mtu", "8.1.4", "1500"),
    _tunnel("ip tunnel mtu", "8.1.4", "1280"),
    *_on_each("tcp mss limit", "8.1.21", defaults.MSS_LIMIT),
    *_on_each("secure filter in", "8.1.25"),
    *_on_each("secure filter out", "8.1.25"),
    *_on_each("secure filter name", "8.1.25"),
    *_on_each("nat descriptor", "23.2"),
    _pp("ip pp remote address", "8.2.1"),
    _router("ipv6 route <network>", "30.4.1"),
    _router("ipv6 filter <id>", "30.7.1"),
    _router("ipv6 filter dynamic <id>", "30.7.3"),
    _router("nat descriptor type <descriptor>", "23.3", same("none", "none hairpin=off")),
    _router("nat descriptor address outer <descriptor>", "23.4", "ipcp"),
    _router("nat descriptor address inner <descriptor>", "23.5", "auto"),
    _router("nat descriptor static <descriptor> <id>", "23.6"),
    _router("nat descriptor masquerade static <descriptor> <id>", "23.8"),
    _router("nat descriptor masquerade incoming <descriptor>", "23.10", "reject"),
    _router("dns server", "24.2"),
    _router("dns server pp", "24.4"),
    _router("dns server dhcp", "24.5"),
    _router("dns server select <id>", "24.10"),
)

_PP: Final = (
    Command("pp enable <pp>", "global", "56.7.1", off="pp disable <pp>"),
    _pp("description pp", "4.56"),
    _pp("pp name", "33.5"),
    _pp("pp bind", "6.1.4"),
    _pp("pp always-on", "6.2.1", "off"),
    _pp("pp backup", "8.5.1", "none"),
    _pp("pp keepalive interval", "8.2.3"),
    _pp("pp keepalive use", "8.2.4"),
    _pp("pp auth accept", "11.2"),
    _pp("pp auth request", "11.3"),
    _hidden("pp auth myname", "11.4", _ONE, "pp"),
    _hidden("pp auth username <user>", "11.1", _PASSWORD, "pp"),
    _pp("ppp lcp mru", "11.6.3", same("on", "on 1792")),
    _pp("ppp ipcp ipaddress", "11.9.2", "off"),
    _pp("ppp ipcp msext", "11.9.8", "off"),
    _pp("ppp ccp type", "11.11.1", "stac"),
    _pp("pppoe use", "11.16.1"),
    _pp("pppoe auto connect", "11.16.3", "on"),
    _pp("pppoe auto disconnect", "11.16.4", "on"),
    _pp("pppoe tcp mss limit", "11.16.11", "auto"),
)

_ROUTER: Final = (
    _hidden("login password", "4.1"),
    _hidden("administrator password", "4.3"),
    _hidden("login user <user>", "4.5"),
    _router("user attribute <user>", "4.10"),
    _router("security class", "4.12"),
    _router("timezone", "4.13", same("jst", "+09:00")),
    _router("console prompt", "4.20"),
    _router("console character", "4.21", defaults.CHARACTER),
    _router("console columns", "4.22", "80"),
    _router("console lines", "4.23", "24"),
    _router("console info", "4.24", "off"),
    _router("syslog notice", "4.29", "off"),
    _router("syslog info", "4.30", "on"),
    _router("syslog debug", "4.31", "off"),
    _router("syslog execute command", "4.36", "off"),
    _router("telnetd service", "4.38", "on"),
    _router("telnetd host", "4.40", "any"),
    _router("login timer", "4.53", "300"),
    _router("tftp host", "4.54", "none"),
    _router("description <word>", "4.56"),
    _router("sshd service", "4.65", "off"),
    _router("sshd listen", "4.66", "22"),
    _router("sshd host", "4.67", "any"),
    _router("sshd session", "4.68", "8"),
    _hidden("sshd host key generate", "4.69"),
    _router("sshd encrypt algorithm", "4.71", "aes128-ctr aes192-ctr aes256-ctr"),
    _router("sshd client alive", "4.72", same("off", "off 100 3")),
    _router("sshd hide openssh version", "4.73", "off"),
    _router("sshd auth method", "4.74", defaults.SSHD_AUTH),
    _router("sftpd host", "4.78", "none"),
    _router("httpd service", "33.1", "on"),
    _router("httpd host", "33.2", "lan"),
    _router("schedule at <id>", "37.1"),
    _router("lua use", "46.1", "on"),
)

# Commands of other chapters, for the sake of what they hide.
_SECRETS: Final = (
    _hidden("syslog file", "4.32", _FILE),
    *(Command(f"ip {i} rip auth key", s, "8.3.9", secret=_TEXT) for i, s in _INTERFACES),
    *(Command(f"ip {i} ospf area", s, "28.13", secret=_OPTION) for i, s in _INTERFACES),
    _hidden("ip <interface> vrrp <id>", "8.4.1", _OPTION),
    _hidden("ospf virtual-link <word>", "28.12", _OPTION),
    _hidden("sip server <id>", "20.2.1", _FIVE),
    _hidden("ngn radius auth password", "20.3.9"),
    _hidden("snmp host <word>", "21.1"),
    _hidden("snmp community read-only", "21.2"),
    _hidden("snmp community read-write", "21.3"),
    _hidden("snmp trap host <word>", "21.4"),
    _hidden("snmp trap community", "21.5"),
    _hidden("snmpv2c host <word>", "21.6"),
    _hidden("snmpv2c community read-only", "21.7"),
    _hidden("snmpv2c community read-write", "21.8"),
    _hidden("snmpv2c trap host <word>", "21.9", _ONE),
    _hidden("snmpv2c trap community", "21.10"),
    _hidden("snmpv3 usm user <id>", "21.13", _ONE),
    _hidden("radius secret", "22.8"),
    _hidden("bgp neighbor pre-shared-key <id>", "29.13", _TEXT),
    _hidden("mail server smtp <id>", "32.2", _MAIL),
    _hidden("mail server pop <id>", "32.3", _MAIL),
    _hidden("heartbeat pre-shared-key", "39.1"),
    _hidden("heartbeat2 transmit <id>", "40.2"),
    _hidden("heartbeat2 receive <id>", "40.6"),
    _hidden("external-memory syslog filename", "42.5", _FILE),
    _hidden("mobile pin code <word>", "44.2"),
    _hidden("wan auth myname", "44.32", _ONE),
    _hidden("httpd custom-gui api password", "47.4"),
    _hidden("yno access code", "49.2", _ONE),
    _hidden("yno zero-config <id>", "49.7", Secret(keep=r"(?:\S+[ \t]+){3}")),
)

COMMANDS: Final = (*_TUNNEL, *_IPSEC, *_WAY, *_PP, *_ROUTER, *_SECRETS)
