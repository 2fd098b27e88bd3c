"""The executable `pulumi-resource-sakurartx`: the engine starts it and reads a port from stdout."""

from __future__ import annotations

from importlib.metadata import version

from .attached import AttachedRouter
from .key import PreSharedKey
from .network import Internet, Switch
from .router import VpcRouter
from .serve import serve
from .tunnel import Tunnel

RESOURCES = {
    "sakurartx:index:PreSharedKey": PreSharedKey(),
    "sakurartx:index:Internet": Internet(),
    "sakurartx:index:Switch": Switch(),
    "sakurartx:index:VpcRouter": VpcRouter(),
    "sakurartx:index:AttachedRouter": AttachedRouter(),
    "sakurartx:index:Tunnel": Tunnel(),
}


def main() -> None:
    """Serve until the engine is done."""
    serve(RESOURCES, version=version("sakura-rtx-vpn"))
