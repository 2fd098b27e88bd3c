"""What has moved at both ends since the last `up`, in words, for a refresh to say.

Pure.  The engine shows the same as a diff of texts; it cannot tell a line that we wrote and
somebody changed from one that somebody put into our block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..office.config import Statement, parse
from ..office.syntax import Key
from .values import Props, changes, reveal

_NUMBERS: Final = ("tunnel", "policy", "gateway")
_UNLESS: Final = "unless the program ignores changes of"


def sentences(inputs: Props, lines: str, cloud: Mapping[str, Any] | None, key: str | None) -> str:
    """What stands at the ends (`lines`, `cloud`, `key`) and is not as `inputs` say; "" if it is.

    `cloud` is None where the peer is gone, `key` where the router does not show it.
    """
    parts = [*_office(inputs, lines), *_keys(inputs, key), *_cloud(inputs["cloud"], cloud)]
    return "\n".join(parts)


def unsaved(inputs: Props, lines: str, key: str | None, commands: Sequence[str]) -> str:
    """That a restart would take what stands away (`commands` it amounts to), so that the tunnel is
    not whole; "" if it would not, or if what stands is drift, which the next `up` mends anyway.
    """
    if not commands or any(_office(inputs, lines)) or any(_keys(inputs, key)):
        return ""
    return "\n".join(
        [
            "office end: our lines run and are not saved; a restart of the RTX would do:",
            *(f"  {command}" for command in commands),
            "the next up saves them",
        ]
    )


def not_compared(why: str) -> str:
    """That nobody knows whether what stands is saved; "" if it is known."""
    return why and f"office end: whether what stands is saved is not known: {why}"


def _office(inputs: Props, lines: str) -> Iterator[str]:
    ours, live = _by_key(inputs["lines"]), _by_key(lines)
    moved = [key for key in ours if key not in live or live[key] != ours[key]]
    if moved:
        yield "office end, our lines as they were written (-) and as they stand (+):"
        for key in moved:
            yield f"  - {ours[key].text}"
            if key in live:
                yield f"  + {live[key].text}"
        yield f"the next up brings them back, {_UNLESS} `lines`"
    foreign = [live[key].text for key in live if key not in ours]
    if foreign:
        numbers = ", ".join(f"{name} {inputs['numbers'][name]}" for name in _NUMBERS)
        yield f"office end, lines of somebody else in what is this site's ({numbers}):"
        yield from (f"  + {text}" for text in foreign)
        yield (
            f"the next up after a refresh takes them away, {_UNLESS} `lines`; to keep them: "
            "office.extra_lines in the site file"
        )


def _by_key(text: str) -> dict[Key, Statement]:
    return {statement.key: statement for statement in parse(text).statements}


def _keys(inputs: Props, key: str | None) -> Iterator[str]:
    known = reveal(inputs.get("psk"))  # an import may not have found it
    if known is not None and key is not None and key != known:
        yield "office end: the pre-shared key is another one (not shown); the next up writes ours"


def _cloud(ours: Mapping[str, Any], live: Mapping[str, Any] | None) -> Iterator[str]:
    if live is None:
        yield f"cloud end: the peer {ours['peer']} is gone; the next up writes it anew"
        return
    moved = {path.partition("[")[0] for path, _ in changes(dict(ours), dict(live))}
    if moved:
        yield "cloud end, values as they were written and as they stand:"
        yield from (f"  {name}: {ours.get(name)} -> {live.get(name)}" for name in sorted(moved))
        yield f"the next up brings them back, {_UNLESS} `cloud`"
