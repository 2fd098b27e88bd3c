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
    internet_of,
    read_internet,
    read_switch,
    update_internet,
    update_switch,
    users_of,
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
from .settings import (
    foresee_peer,
    peer_status,
    peer_statuses,
    ping,
    read_peer,
    refuse_if_shared,
    remove_peer,
    restart_vpn,
    write_peer,
)
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
    "foresee_peer",
    "internet_of",
    "owner_tag",
    "owner_text",
    "peer_status",
    "peer_statuses",
    "ping",
    "read_internet",
    "read_peer",
    "read_router",
    "read_switch",
    "refuse_if_shared",
    "remove_peer",
    "restart_vpn",
    "update_internet",
    "update_router",
    "update_switch",
    "users_of",
    "write_peer",
]
