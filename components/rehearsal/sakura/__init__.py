"""The SAKURA Cloud stand-in: VPC routers and their networks, as the IaaS API shows them.

It is written from the API reference alone and shares no code with the product's own cloud end.
Where the reference knows no more, it takes the stricter reading and says that it is unverified.
"""

from .cloud import Call, NoLink, Sakura
from .faults import Fault, Faults
from .request import Reply, Request
from .server import SakuraServer
from .store import Options

__all__ = [
    "Call",
    "Fault",
    "Faults",
    "NoLink",
    "Options",
    "Reply",
    "Request",
    "Sakura",
    "SakuraServer",
]
