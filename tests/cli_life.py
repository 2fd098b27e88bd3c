"""A pair of both ends that is made through the real CLI, and what a witness finds at each end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli_witness import Held, apart, at_the_cloud, at_the_office
from engine.conftest import Clone


class Pair(Clone):
    """A clone with the demo's pair; `bare` is the RTX's configuration without the tunnel."""

    bare: Sequence[str] = ()


@contextmanager
def pair() -> Iterator[Pair]:
    """The demo's pair made and judged; in the end it goes and leaves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Pair(Path(folder))
        try:
            clone.rehearsal("start")
            clone.bare = clone.configuration()
            clone.create()
            clone.remember_canaries()
            agreed(clone)
            yield clone
            clone.reset_site()
            clone.down()
            is_all_gone(clone)
            assert not (leaks := clone.leaks()), f"secrets in plain: {leaks}"
        finally:
            clone.end()


def is_all_gone(clone: Pair) -> None:
    """Nothing is left in the cloud, and the RTX is line for line as before the creation."""
    assert not (left := {k: v for k, v in clone.cloud().items() if v}), f"left: {left}"
    assert clone.configuration() == clone.bare, "the RTX is not as it was before"


# --- what both ends hold --------------------------------------------------------------------------


def tunnel_of(config: Sequence[str]) -> int:
    """The number of the only IPsec tunnel with a VPC router behind it."""
    (number,) = {line.split()[-1] for line in config if line.startswith("ip route 192.168.2.")}
    return int(number)


def held(clone: Clone) -> tuple[Held, Held]:
    """What the office end and the cloud end hold."""
    config = clone.configuration()
    (router,) = clone.cloud()["routers"].values()
    return at_the_office(config, tunnel_of(config)), at_the_cloud(router)


def both(clone: Clone) -> tuple[list[str], Held]:
    """Every line of the RTX, and the peer of the VPC router; both ends must be equal."""
    office, cloud = held(clone)
    assert not (differs := apart(office, cloud)), f"the ends differ in {differs}"
    _saved(clone)
    return clone.configuration(), cloud


def _saved(clone: Clone) -> None:
    left = clone.typed("show config difference 0").splitlines()
    assert not [line for line in left if line and not line.startswith("#")], "not saved"


def has_peer(clone: Clone) -> bool:
    """Whether there is a VPC router that has a peer, stored or in force."""
    routers = clone.cloud()["routers"].values()
    settings = (router[name]["Router"] for router in routers for name in ("settings", "applied"))
    return any(each.get("SiteToSiteIPsecVPN", {}).get("Config") for each in settings)


def nothing(clone: Clone) -> list[str]:
    """Every line of the RTX; neither end may hold anything of a tunnel."""
    assert not has_peer(clone), "the VPC router has a peer"
    _saved(clone)
    config = clone.configuration()
    assert not [line for line in config if line.startswith("ip route 192.168.2.")], (
        "a route of ours"
    )
    return config


def passes(clone: Clone) -> bool:
    """Whether a ping passes, if need be once the tunnel has come back by itself."""
    with clone.fast_forward():
        return any(clone.passes() for _ in range(20))


def agreed(clone: Clone) -> None:
    """Both ends hold the agreement of the stack, and traffic passes."""
    _, cloud = both(clone)
    rows = {row["name"]: str(row["value"]) for row in clone.outputs()["agreement"]}
    psk = clone.outputs(secrets=True)["psk"]
    clone.canaries.add(psk)
    differs = apart(cloud, rows | {"pre-shared key": psk})
    assert not differs, f"the ends are not as agreed: {differs}"
    assert passes(clone), "no traffic"
