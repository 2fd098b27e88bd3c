"""Watching sites day after day: is there traffic, and what is done when it is gone.

`course` decides and does nothing (pure, times are given to it), `watcher` does one turn after the
other as it decides, `eye` reaches the ends of a site, `metrics` tells Prometheus.
"""

from .course import RESULTS, Course, Limits, Seen, Tried
from .watcher import Decision, Eye, Look, Watcher

__all__ = ["RESULTS", "Course", "Decision", "Eye", "Limits", "Look", "Seen", "Tried", "Watcher"]
