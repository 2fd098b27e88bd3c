"""What a model and its firmware have, and what they refuse.

Pure.  A line that the router refuses is not in force, whatever a file says.  Nothing is said about
a model or a revision that the text does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ... import ipsec
from .. import defaults
from .far import FarEnd
from .findings import Finding, finding
from .link import Link
from .view import RouterView

CIPHERS: Final = tuple(c.office for c in ipsec.ENCRYPTION.values() if c.office)
HASHES: Final = tuple(c.office for c in ipsec.HASH.values() if c.office)
GROUPS: Final = tuple(c.office for c in ipsec.DH_GROUP.values() if c.office)
# Command reference 15.25, 15.48.2.
LONG_HASHES: Final = ("sha384", "sha512")
WITHOUT_LONG_HASHES: Final = frozenset({"RTX1220", "RTX1210", "RTX830", "RTX840"})
DEFAULT_BYTES: Final = 2000000
"""Kilobytes after which later revisions give an IPsec SA up."""
# The most tunnels of a model, with its licences (rtx-cli 4; command reference 1.6).
MOST_TUNNELS: Final = {
    **{name: model.licensed for name, model in ipsec.MODELS.items()},
    "RTX5000": 3000,
}


def has_byte_words(router: RouterView) -> bool | None:
    """Whether the revision knows `off` and `forced-reduction`; None where that is unknown.

    They came together with the default of the byte lifetime (15.48.1).
    """
    return defaults.IPSEC_SA_LIFETIME[0].holds(router.config.model, router.config.revision)


def byte_words(link: Link) -> str:
    """What is to be said about the byte lifetime beside a `duration ipsec-sa` line."""
    known = has_byte_words(link.router)
    if known is None:
        return ""
    if known:
        return f" (without a byte word the byte lifetime is {DEFAULT_BYTES} kB; off for none)"
    return " (no off and no forced-reduction: this revision refuses them, and has no byte lifetime)"


def algorithms(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Words that no RTX has, or this model has not."""
    model = link.router.config.model
    hashes = HASHES if model in WITHOUT_LONG_HASHES else (*HASHES, *LONG_HASHES)
    policy = f"ipsec sa policy {link.policy.number} {link.gateway.number} {link.policy.protocol}"
    esp = (*link.policy.algorithms, "", "")[:2] if link.policy.protocol == "esp" else ("", "")
    groups = [(link.line("group"), word, GROUPS) for word in link.ike("group").split()]
    rows = (
        (link.line("encryption"), link.ike("encryption"), CIPHERS),
        (link.line("hash"), link.ike("hash"), hashes),
        *groups,
        (policy, esp[0], CIPHERS),
        (policy, esp[1], tuple(f"{each}-hmac" for each in hashes)),
    )
    for line, value, known in rows:
        if value and value not in known:
            yield finding(
                "algorithm-not-on-model",
                f"{line} {value}",
                f"one of {', '.join(known)}",
                why=f"{model or 'an RTX'} does not have {value}: the line is refused, and the "
                "default holds",
            )


def options(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Words of `duration` that came with a later revision (15.48.1)."""
    if has_byte_words(link.router) is not False:
        return
    for names in (("isakmp-sa", "ike-sa"), ("ipsec-sa", "child-sa")):
        name, words = link.duration(*names)
        newer = [w for w in words.split()[1:2] if w == "off"]
        newer += [w for w in words.split() if w.startswith("forced-reduction")]
        if newer:
            line = link.line(f"duration {name}")
            router = link.router.config
            yield finding(
                "option-not-in-revision",
                f"{line} {words}",
                f"{line} {words.split()[0]}: without {' and '.join(newer)}; there is no byte "
                "lifetime on this revision unless one is given",
                why=f"{router.model} Rev.{router.revision} refuses {' and '.join(newer)}",
            )


def numbers(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Numbers that the model does not have, or that a template occupies unseen (15.49.6)."""
    most = MOST_TUNNELS.get(link.router.config.model)
    if most and link.tunnel.number > most:
        yield finding(
            "number-out-of-range",
            link.mine,
            f"a tunnel number up to {most}",
            why=f"{link.router.config.model} has tunnels 1 to {most}",
        )
    own = {
        "tunnel": link.tunnel.number,
        "gateway": link.gateway.number,
        "policy": link.policy.number,
    }
    reserved = link.router.facts.reserved
    taken = [f"{kind} {number}" for kind, number in own.items() if number in reserved]
    if taken and "template" not in link.tunnel.values:
        owners = [t for t in link.router.facts.tunnels if t.values.get("template")]
        yield finding(
            "number-reserved-by-template",
            ", ".join(taken),
            "numbers outside of the template",
            why="; ".join(
                f"tunnel {t.number} has `tunnel template {t.values['template']}`" for t in owners
            )
            + ": it makes tunnels, policies and gateways of these numbers without printing them",
        )


CHECKS: Final = (algorithms, options, numbers)
