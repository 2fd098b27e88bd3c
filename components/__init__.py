"""Pair a SAKURA Cloud VPC router with a Yamaha RTX over site-to-site IPsec.

The public names; each is imported on first use, so that the command line and the provider plugin
do not pay for what they do not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ApiError, DeviceError, SpecError, VerifyError, VpnError
    from .resources import Access
    from .site import Site
    from .vpn import SiteToSiteVpn

__all__ = [
    "Access",
    "ApiError",
    "DeviceError",
    "Site",
    "SiteToSiteVpn",
    "SpecError",
    "VerifyError",
    "VpnError",
]

_HOME = {
    "Access": "resources",
    "ApiError": "errors",
    "DeviceError": "errors",
    "Site": "site",
    "SiteToSiteVpn": "vpn",
    "SpecError": "errors",
    "VerifyError": "errors",
    "VpnError": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
