"""What is broken between the two ends of a site, layer by layer, and what mends it."""

from __future__ import annotations

from .gather import Reach, look
from .layers import LAYERS, diagnose, first_broken
from .seen import CloudEnd, Layer, NotOurs, OfficeEnd, Seen

__all__ = [
    "LAYERS",
    "CloudEnd",
    "Layer",
    "NotOurs",
    "OfficeEnd",
    "Reach",
    "Seen",
    "diagnose",
    "first_broken",
    "look",
]
