"""The life of the office router, through the real engine: drift, new key, new hardware, death."""

from __future__ import annotations

import json
import re

import pytest

from components.office.config import scope_of
from components.provider.tunnel_removal import undone
from components.rehearsal import instance

from .conftest import Clone

pytestmark = pytest.mark.engine

FOREIGN = "ip tunnel secure filter in 1010"
TYPED = ("tunnel select 2", FOREIGN, "tunnel select none", "save")

# What a program says to adopt what others change: the component hands its options to the tunnel.
ADOPTING = """
def adopting(args):
    if args.type_ == "sakurartx:index:Tunnel":
        kept = pulumi.ResourceOptions(ignore_changes=["lines", "cloud"])
        merged = pulumi.ResourceOptions.merge(args.opts, kept)
        return pulumi.ResourceTransformResult(args.props, merged)

pulumi.runtime.register_resource_transform(adopting)
"""


def test_the_life_of_a_router(clone: Clone) -> None:
    clone.rehearsal("start")
    pin(clone)
    clone.edit("verify.prove_recovery", True)
    created = change(clone)
    clone.remember_canaries()
    assert "deleting the 3 SAs of gateway 2" in created
    verified = clone.outputs()["verified"]
    assert 0 < verified["recoverySeconds"] <= 45
    clone.edit("verify.prove_recovery", False)

    drift(clone)
    rotation(clone)
    hardware(clone)
    death(clone)


def change(clone: Clone) -> str:
    """`make up`, while both ends live ten times as fast."""
    with clone.fast_forward():
        return clone.up("--skip-preview")


def pin(clone: Clone) -> None:
    """Pin the host key of the box that stands there now."""
    key = json.loads((clone.folder / "endpoints.json").read_text())["host_key"]
    clone.edit("office.router.host_key", key)


def drift(clone: Clone) -> None:
    """A foreign line in our block is named as such; adopted it stays."""
    clone.typed(*TYPED)
    program = clone.root / "__main__.py"
    plain = program.read_text()
    first = "config = pulumi.Config()"
    program.write_text(plain.replace(first, ADOPTING + first))
    said = clone.up("--refresh", "--run-program", "--skip-preview")
    assert "lines of somebody else in what is this site's (tunnel 2, policy 102" in said
    assert f"      + {FOREIGN}\n" in said
    clone.unchanged()
    assert f" {FOREIGN}" in clone.configuration()
    program.write_text(plain)


def rotation(clone: Clone) -> None:
    """A new version is a new key, at both ends; the preview shows that, and no key.

    The same `up` takes the foreign line away, now that nobody adopts it any more.
    """
    old = key_of(clone)
    clone.edit("psk_version", 2)
    preview = clone.make("preview", "--color=never")
    assert "~ psk       : [secret] => [secret]" in preview
    assert "~ pskVersion: 1 => 2" in preview
    assert f"-  {FOREIGN}\n" in preview
    change(clone)
    clone.remember_canaries()
    new = key_of(clone)
    (router,) = clone.cloud()["routers"].values()
    assert new != old
    assert {old, new} < clone.canaries
    assert f" {FOREIGN}" not in clone.configuration()
    assert new in json.dumps(router["settings"])
    assert router["settings"] == router["applied"]
    assert clone.passes()


def key_of(clone: Clone) -> str:
    """The key that stands at the office end."""
    lines = (line.split() for line in clone.configuration() if "pre-shared-key 2 " in line)
    (key,) = (line[-1] for line in lines)
    return key


def hardware(clone: Clone) -> None:
    """Another box, with nothing of ours on it: refused until its key is pinned, then filled."""
    before = clone.configuration()
    text = clone.outputs()["rtx_config"]
    _, _, typed = undone(text, scope_of(text)).partition("`save`:\n")
    clone.typed(
        *(line.strip() for line in typed.splitlines()), "sshd host key generate", "y", "save"
    )
    refused = clone.make("refresh", "--skip-preview", "--color=never", rc=2)
    assert "is not the pinned one; it showed SHA256:" in refused
    assert "run up first" in refused
    (new,) = re.findall(r"then pin (ssh-rsa \S+)", refused)[:1]
    clone.edit("office.router.host_key", new)
    preview = clone.make("preview", "--color=never")
    assert "~ hostKey:" in preview
    assert "~ lines" not in preview
    change(clone)
    assert clone.passes()
    assert clone.configuration() == before


def death(clone: Clone) -> None:
    """A router that never answers again: nobody says that all is well, and there is a way out."""
    standing = clone.configuration()
    instance.ask(clone.folder, "POST", "/router-fault", {"kind": "full", "times": 0})
    refused = clone.make("refresh", "--skip-preview", "--color=never", rc=2)
    assert "no connection to" in refused
    quiet = ("--skip-preview", "--color=never", "--suppress-progress", "--suppress-outputs")
    refused = clone.make("down", *quiet, rc=2)
    assert "office.abandon: true in the site file" in refused
    assert clone.cloud()["routers"]

    clone.edit("office.abandon", True)
    with clone.fast_forward():
        done = clone.make("down", *quiet)
    assert not any(clone.cloud().values())
    assert "these lines stand there" in done
    assert "  ipsec ike pre-shared-key 2 text <psk>\n" in done
    assert "  tunnel disable 2\n" in done
    assert clone.configuration() == standing
