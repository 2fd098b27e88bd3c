"""The life of everything at the cloud end, in one place for those who use it.

Every `ensure_...` goes on from whatever is there: it looks for the object's tag first, reads in
which state it is, and does only the steps that are missing.  So an interruption, by Ctrl-C, an
error or a kill, needs no repair but running it again.
"""

from .network import (
    delete_internet,
    delete_switch,
    ensure_internet,
    ensure_switch,
    read_internet,
    read_switch,
    update_internet,
    update_switch,
)
from .objects import (
    PLANS,
    InternetSpec,
    InternetState,
    LanSpec,
    RouterSpec,
    RouterState,
    SwitchSpec,
    SwitchState,
    owner_tag,
    owner_text,
)
from .settings import peer_status, ping, read_peer, remove_peer, restart_vpn, write_peer
from .vpcrouter import delete_router, ensure_router, read_router, update_router

__all__ = [
    "PLANS",
    "InternetSpec",
    "InternetState",
    "LanSpec",
    "RouterSpec",
    "RouterState",
    "SwitchSpec",
    "SwitchState",
    "delete_internet",
    "delete_router",
    "delete_switch",
    "ensure_internet",
    "ensure_router",
    "ensure_switch",
    "owner_tag",
    "owner_text",
    "peer_status",
    "ping",
    "read_internet",
    "read_peer",
    "read_router",
    "read_switch",
    "remove_peer",
    "restart_vpn",
    "update_internet",
    "update_router",
    "update_switch",
    "write_peer",
]
