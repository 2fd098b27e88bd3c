"""A site as a picture: both ends, what joins them, and whether traffic was proved.  Pure.

`seen` gathers it from the site file and the outputs of the stack, `terminal` draws it in text,
`drawing` as SVG.
"""

from __future__ import annotations

from .drawing import svg
from .seen import End, Picture, picture
from .terminal import text

__all__ = ["End", "Picture", "picture", "svg", "text"]
