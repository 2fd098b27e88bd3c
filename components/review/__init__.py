"""What `pulumi preview --json` says, as a comment on a pull request: JSON in, Markdown out.  Pure.

`preview` reads the JSON, `change` says what it means for each site, `comment` writes it down within
the size that GitHub takes, `markdown` keeps foreign text from becoming markup.
"""

from __future__ import annotations

from .change import SiteChange, changes_of
from .comment import LIMIT, MARKER, comment, verdict
from .preview import Preview, Unreadable, previews_in

__all__ = [
    "LIMIT",
    "MARKER",
    "Preview",
    "SiteChange",
    "Unreadable",
    "changes_of",
    "comment",
    "previews_in",
    "verdict",
]
