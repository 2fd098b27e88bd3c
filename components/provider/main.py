"""The executable `pulumi-resource-sakurartx`: the engine starts it and reads a port from stdout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .. import __version__
from .handler import Resource
from .serve import serve


@cache
def resources() -> Mapping[str, Resource]:
    """A handler for each type; what they need is imported here and not before."""
    from .attached import AttachedRouter
    from .key import PreSharedKey
    from .network import Internet, Switch
    from .office_end import OfficeEnd
    from .router import VpcRouter
    from .tunnel import Tunnel

    return {
        "sakurartx:index:PreSharedKey": PreSharedKey(),
        "sakurartx:index:Internet": Internet(),
        "sakurartx:index:Switch": Switch(),
        "sakurartx:index:VpcRouter": VpcRouter(),
        "sakurartx:index:AttachedRouter": AttachedRouter(),
        "sakurartx:index:Tunnel": Tunnel(),
        "sakurartx:index:OfficeEnd": OfficeEnd(),
    }


def main() -> None:
    """Serve until the engine is done."""
    serve(resources, version=__version__)
