"""Pair a SAKURA Cloud VPC router with a Yamaha RTX over site-to-site IPsec.

The public names; each is imported on first use, so that the command line and the provider plugin
do not pay for what they do not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ApiError, DeviceError, SpecError, VerifyError, VpnError
    from .probes import LocalProbe, ProbeLogin, RemoteProbe, SshHost
    from .resources import Access, Provider
    from .site import Site
    from .vpn import SiteToSiteVpn

# As in pyproject.toml; to ask what is installed takes longer than a plugin may take to start.
__version__ = "0.1.0"

__all__ = [
    "Access",
    "ApiError",
    "DeviceError",
    "LocalProbe",
    "ProbeLogin",
    "Provider",
    "RemoteProbe",
    "Site",
    "SiteToSiteVpn",
    "SpecError",
    "SshHost",
    "VerifyError",
    "VpnError",
]

_HOME = {
    "Access": "resources",
    "ApiError": "errors",
    "DeviceError": "errors",
    "LocalProbe": "probes",
    "ProbeLogin": "probes",
    "Provider": "resources",
    "RemoteProbe": "probes",
    "Site": "site",
    "SiteToSiteVpn": "vpn",
    "SpecError": "errors",
    "SshHost": "probes",
    "VerifyError": "errors",
    "VpnError": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
