"""The RTX stand-in: a Yamaha RTX1220 (Rev.15.04.03) that one logs in to over SSH."""

from .behaviour import Behaviour
from .demo import DEMO_CONFIGURATION
from .device import Router, run_lines
from .office import OfficeGateway, OfficeLink, OfficeSa
from .server import RtxServer

__all__ = [
    "DEMO_CONFIGURATION",
    "Behaviour",
    "OfficeGateway",
    "OfficeLink",
    "OfficeSa",
    "Router",
    "RtxServer",
    "run_lines",
]
