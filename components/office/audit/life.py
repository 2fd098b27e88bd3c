"""What decides whether the tunnel comes up, stays up, rekeys, and comes back after a loss."""

from __future__ import annotations

from collections.abc import Iterator

from .far import FarEnd
from .findings import Finding, Severity
from .view import Link


def enabled(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A tunnel that is not enabled does nothing (14.1)."""
    if not link.tunnel.enabled:
        number = link.tunnel.number
        yield Finding(
            "tunnel-not-enabled",
            "error",
            f"tunnel {number}",
            "all is written, and the tunnel is not enabled",
            f"tunnel enable {number}",
            "vendor-doc",
        )


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
    if not _is_dpd(keepalive):
        said = f"{link.line('keepalive use')} {keepalive} is not dpd" if keepalive else ""
        parts.append(said or f"no {link.line('keepalive use')} on dpd")
        cure.append(f"{link.line('keepalive use')} on dpd 15 2")
    if parts:
        why = "the router starts the key exchange: a" if link.starts else "a"
        yield Finding(
            "stall-after-sa-loss",
            "warn",
            f"{link.name}: {'; '.join(parts)}",
            f"{why}fter a loss of the SAs at one end (reboot, ipsec sa delete, ipsec refresh sa) "
            "the tunnel may read Online and carry nothing, until a reconnect at the cloud end",
            "; ".join(cure),
            "seed-article",
        )


def _is_dpd(keepalive: str) -> bool:
    words = keepalive.split()
    return words[:1] in (["on"], ["auto"]) and "dpd" in words


def keepalive(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The VPC router knows dead peer detection and no other keepalive (15.20)."""
    value = link.ike("keepalive_use")
    if _is_dpd(value):
        return
    severity: Severity = "warn" if value.split()[:1] in ([], ["off"]) else "error"
    shown = f"{link.line('keepalive use')} {value}" if value else f"no {link.line('keepalive use')}"
    yield Finding(
        "keepalive-not-dpd",
        severity,
        shown,
        "the far end answers dead peer detection only: the tunnel is taken for dead, or its death "
        "is never noticed",
        f"{link.line('keepalive use')} on dpd 15 2",
        "vendor-doc",
    )


def lifetimes(link: Link, far: FarEnd) -> Iterator[Finding]:
    """An initiator proposes its own lifetimes, a responder takes the peer's (15.48.1)."""
    ike, esp = link.lifetime("isakmp_sa", "ike_sa"), link.lifetime("ipsec_sa", "child_sa")
    if (ike, esp) == (far.ike_lifetime, far.esp_lifetime):
        return
    yield Finding(
        "lifetime-mismatch",
        "error" if link.exact else "warn",
        f"isakmp-sa {ike} and ipsec-sa {esp} against {far.ike_lifetime} and {far.esp_lifetime}",
        "one end renews or gives up an SA at another time than the other expects",
        f"{link.line('duration isakmp-sa')} {far.ike_lifetime}; "
        f"{link.line('duration ipsec-sa')} {far.esp_lifetime}",
        "vendor-doc",
    )


def pfs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The VPC router always uses PFS; the RTX follows as a responder only (15.30)."""
    if link.ike("pfs", "off") == "on":
        return
    yield Finding(
        "pfs-off",
        "error" if link.exact else "warn",
        f"no {link.line('pfs')} on",
        "the default is off: as initiator the router proposes no PFS, only as responder it follows",
        f"{link.line('pfs')} on",
        "vendor-doc",
    )


def dpd_timing(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Different intervals do no harm; it is the time to recovery that differs."""
    words = link.ike("keepalive_use").split()
    numbers = [int(word) for word in words if word.isdigit()][:2]
    if not far.known or not _is_dpd(" ".join(words)) or len(numbers) < 2:
        return
    if numbers[0] * numbers[1] != far.dpd[1]:
        yield Finding(
            "dpd-timing-differs",
            "info",
            f"{link.line('keepalive use')} on dpd {numbers[0]} {numbers[1]}",
            f"the ends notice a loss after {numbers[0] * numbers[1]} s here, {far.dpd[1]} s there",
            "no need to act",
            "logic",
        )


def notices(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Without notices a deleted SA is known at one end only (15.29)."""
    if link.ike("send_info", "on") == "off":
        yield Finding(
            "delete-notice-off",
            "warn",
            f"{link.line('send info')} off",
            "the peer is not told when an SA is deleted",
            f"{link.line('send info')} on",
            "vendor-doc",
        )


def wrapping(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """UDP encapsulation: the vendor's own, and NAT traversal (15.43, 15.48.5)."""
    own, words = link.ike("esp_encapsulation") == "on", link.ike("nat_traversal").split()
    natt = words[:1] == ["on"]
    if own:
        code = "natt-and-esp-encapsulation" if natt else "esp-encapsulation"
        also = "it and NAT traversal exclude each other, and " if natt else ""
        yield Finding(
            code,
            "error",
            link.name,
            f"{also}esp-encapsulation is the vendor's own: the cloud end does not know it",
            f"no {link.line('esp-encapsulation')}",
            "vendor-doc",
        )
    if not natt:
        return
    router = link.router
    if router.config.model == "RTX1210" and (0,) < router.revision < (14, 1, 20):
        yield Finding(
            "natt-main-mode-old-firmware",
            "error",
            f"RTX1210 Rev.{router.config.revision}",
            "NAT traversal in main mode, and its type option, came with Rev.14.01.20",
            f"no {link.line('nat-traversal')}, or a newer revision",
            "vendor-doc",
        )
    yield Finding(
        "nat-traversal-not-offered-by-vpc-router",
        "warn",
        f"{link.line('nat-traversal')} {' '.join(words)}",
        "NAT traversal in IKEv1 needs Vendor ID, which the VPC router neither sends nor takes",
        f"no {link.line('nat-traversal')}",
        "vendor-doc",
    )


def mode(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Main mode of IKEv1 is all that the VPC router speaks (15 intro, 15.2)."""
    named = [n for n in ("local_name", "remote_name") if link.ike(n)]
    if link.ike("version", "1") != "1":
        yield Finding(
            "ike-version-2",
            "error",
            f"{link.line('version')} 2",
            "the VPC router speaks IKEv1 only",
            f"no {link.line('version')}",
            "vendor-doc",
        )
    if named:
        lines = "; ".join(f"{link.line(n.replace('_', ' '))}" for n in named)
        yield Finding(
            "not-main-mode",
            "error",
            lines,
            "a name makes it aggressive mode; the VPC router speaks main mode only",
            "; ".join(f"no {link.line(n.replace('_', ' '))}" for n in named),
            "vendor-doc",
        )


def logs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A log that prints keys (15.42)."""
    if "key-info" in link.ike("log").split():
        yield Finding(
            "log-shows-keys",
            "warn",
            f"{link.line('log')} key-info",
            "with `syslog debug on` the keys of the SAs stand in the log",
            f"no {link.line('log')}",
            "vendor-doc",
        )


CHECKS = (
    enabled, stall, keepalive, lifetimes, pfs, dpd_timing, notices, wrapping, mode, logs
)  # fmt: skip
