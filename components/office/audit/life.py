"""What decides whether the tunnel comes up, stays up, rekeys, and comes back after a loss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .device import DEFAULT_BYTES, byte_words, has_byte_words
from .far import FarEnd
from .findings import Finding, differs, finding
from .link import Link

IKE_SA: Final = ("isakmp-sa", "ike-sa")
ESP_SA: Final = ("ipsec-sa", "child-sa")


def enabled(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A tunnel that is not enabled does nothing (14.1), and none does without IPsec (15.1)."""
    if not link.tunnel.enabled:
        yield finding("tunnel-not-enabled", link.mine, f"tunnel enable {link.tunnel.number}")
    if link.router.value("ipsec use") == "off":
        yield finding("ipsec-off", "ipsec use off", "ipsec use on")


def stall(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The seed: as soon as one of three lines is not as in the cure."""
    number = link.gateway.number
    keepalive = link.ike("keepalive_use")
    parts, cure = [], []
    if link.starts:
        parts.append(f"no ipsec auto refresh {number} off under the global on")
        cure.append(f"ipsec auto refresh {number} off")
    if link.ike("backward_compatibility", "1") != "2":
        parts.append(f"no {link.line('backward-compatibility')} 2")
        cure.append(f"{link.line('backward-compatibility')} 2")
    if not is_dpd(keepalive):
        said = f"{link.line('keepalive use')} {keepalive} is not dpd" if keepalive else ""
        parts.append(said or f"no {link.line('keepalive use')} on dpd")
        cure.append(f"{link.line('keepalive use')} on dpd 15 2")
    if parts:
        why = "the router starts the key exchange: a" if link.starts else "a"
        yield finding(
            "stall-after-sa-loss",
            f"{link.name}: {'; '.join(parts)}",
            "; ".join(cure),
            why=f"{why}fter a loss of the SAs at one end (reboot, ipsec sa delete, ipsec refresh "
            "sa) the tunnel may read Online and carry nothing, until a reconnect at the cloud end",
        )


def is_dpd(keepalive: str) -> bool:
    """Whether the words of `keepalive use` ask by dead peer detection (15.20)."""
    words = keepalive.split()
    return words[:1] in (["on"], ["auto"]) and "dpd" in words


def keepalive(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The VPC router knows dead peer detection and no other keepalive (15.20)."""
    value = link.ike("keepalive_use")
    if is_dpd(value):
        return
    words = value.split()
    if words[:1] in ([], ["off"]):
        kind = "no keepalive"
    elif "icmp-echo" in words:
        kind = "keepalive by ping"
    else:
        # With `auto` nobody sends: it answers the peer's heartbeat only.
        kind = "no keepalive" if words[0] == "auto" else "kind of keepalive"
    yield differs(
        kind,
        link.role,
        f"{link.line('keepalive use')} {value}" if value else f"no {link.line('keepalive use')}",
        f"{link.line('keepalive use')} on dpd 15 2",
    )


def lifetimes(link: Link, far: FarEnd) -> Iterator[Finding]:
    """An initiator proposes its own lifetimes, a responder takes the peer's (15.48.1)."""
    ike, esp = link.lifetime(*IKE_SA), link.lifetime(*ESP_SA)
    if (ike, esp) == (far.ike_lifetime, far.esp_lifetime):
        return
    yield differs(
        "IPsec SA lifetime",
        link.role,
        f"isakmp-sa {ike} and ipsec-sa {esp} against {far.ike_lifetime} and {far.esp_lifetime}",
        f"{link.line(f'duration {link.duration(*IKE_SA)[0]}')} {far.ike_lifetime}; "
        f"{link.line(f'duration {link.duration(*ESP_SA)[0]}')} {far.esp_lifetime}"
        f"{byte_words(link)}",
    )


def rekey(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """`rekey off` is for the IKE SA only; who answers waits for the peer's renewal anyway."""
    name, words = link.duration(*IKE_SA)
    if link.starts and words.endswith("rekey off"):
        line = link.line(f"duration {name}")
        yield finding("rekey-off", f"{line} {words}", f"{line} {words.removesuffix(' rekey off')}")


def byte_lifetime(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Newer revisions give an SA up after 2000000 kB unless told otherwise (15.48.1)."""
    name, words = link.duration(*ESP_SA)
    given = re.match(r"\d+ (off|\d+)\b", words)
    if given or not link.starts or not has_byte_words(link.router):
        return
    line = link.line(f"duration {name}")
    yield differs(
        "byte lifetime",
        link.role,
        f"{line} {words}" if words else f"no {line}",
        f"if phase 2 misbehaves: {line} {link.lifetime(*ESP_SA)} off",
        why=f"without a byte word this revision gives an SA up after {DEFAULT_BYTES} kB and "
        "proposes that; the VPC router lists seconds only (what it makes of it is unverified)",
    )


def pfs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The VPC router always uses PFS; the RTX follows as a responder only (15.30)."""
    if link.ike("pfs", "off") == "on":
        return
    yield differs("PFS", link.role, f"no {link.line('pfs')} on", f"{link.line('pfs')} on")


def dpd_timing(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Different intervals do no harm; it is the time to recovery that differs."""
    words = link.ike("keepalive_use").split()
    numbers = [int(word) for word in words if word.isdecimal()][:2]
    if not far.known or not is_dpd(" ".join(words)) or len(numbers) < 2:
        return
    here = numbers[0] * numbers[1]
    if here != far.dpd[1]:
        yield differs(
            "DPD timing",
            link.role,
            f"{link.line('keepalive use')} on dpd {numbers[0]} {numbers[1]}",
            "no need to act",
            why=f"the ends notice a loss after {here} s here, {far.dpd[1]} s there",
        )


def notices(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Without notices a deleted SA is known at one end only (15.29)."""
    if link.ike("send_info", "on") == "off":
        line = link.line("send info")
        yield finding("delete-notice-off", f"{line} off", f"{line} on")


def wrapping(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """UDP encapsulation: the vendor's own, and NAT traversal (15.43, 15.48.5)."""
    own, words = link.ike("esp_encapsulation") == "on", link.ike("nat_traversal").split()
    natt = words[:1] == ["on"]
    if own:
        yield differs(
            "encapsulation and NAT traversal" if natt else "encapsulation",
            link.role,
            link.name,
            f"no {link.line('esp-encapsulation')}",
        )
    if natt:
        router = link.router
        if router.config.model == "RTX1210" and (0,) < router.revision < (14, 1, 20):
            yield finding(
                "natt-main-mode-old-firmware",
                f"RTX1210 Rev.{router.config.revision}",
                f"no {link.line('nat-traversal')}, or a newer revision",
            )
        line = link.line("nat-traversal")
        yield differs("NAT traversal", link.role, f"{line} {' '.join(words)}", f"no {line}")


def mode(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Main mode of IKEv1 is all that the VPC router speaks (15 intro, 15.2)."""
    if link.ike("version", "1") != "1":
        line = link.line("version")
        yield differs("IKE version", link.role, f"{line} 2", f"no {line}")
    named = [link.line(n) for n in ("local name", "remote name") if link.ike(n.replace(" ", "_"))]
    if named:
        remedy = "; ".join(f"no {line}" for line in named)
        yield differs("exchange mode", link.role, "; ".join(named), remedy)


CHECKS: Final = (
    enabled, stall, keepalive, lifetimes, rekey, byte_lifetime, pfs, dpd_timing, notices, wrapping,
    mode,
)  # fmt: skip
