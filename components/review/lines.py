"""The RTX's lines before and after as a diff that reads like `show config`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

_CONTEXT = 3


def line_diff(before: str, after: str) -> Iterator[str]:
    """`-`, `+` and context lines; before each place a line `@@` that names the block it is in."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        if (old and group[0][1]) or (new and group[0][3]):
            yield f"@@ {_block(new, group[0][3]) or _block(old, group[0][1]) or '...'} @@"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f" {line}" for line in new[new_from:new_to])
                continue
            yield from (f"-{line}" for line in old[old_from:old_to])
            yield from (f"+{line}" for line in new[new_from:new_to])


def _block(lines: Sequence[str], at: int) -> str:
    """The line at the left edge that opens the block in which line `at` stands, if it is in one."""
    if at >= len(lines) or not lines[at].startswith(" "):
        return ""
    return next((line for line in reversed(lines[:at]) if not line.startswith(" ")), "")
