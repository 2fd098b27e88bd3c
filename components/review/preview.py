"""Reading `pulumi preview --json`: steps and diagnostics, and nothing that is secret.

Its shape was taken from the CLI 3.274: `steps` holds what changes (what stays the same is only
counted), `diagnostics` what was said, and secrets are the text `[secret]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..cloud.tree import as_list, as_object
from ..errors import VpnError
from ..office.syntax import masked

Props = dict[str, Any]

# How the engine writes a value that a preview cannot know (`pulumi.runtime.rpc.UNKNOWN`).
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
COMPONENT: Final = "sakurartx:index:SiteToSiteVpn"
KEY: Final = "sakurartx:index:PreSharedKey"
# What a step is called where nothing at all is done.
_IDLE: Final = ("same", "read", "refresh")
# Any of them makes a preview: where the program did not start there are only diagnostics.
_PARTS: Final = frozenset({"steps", "changeSummary", "diagnostics"})
_LONGEST_SAID: Final = 200
_HEADS: Final = ("warning:", "error:", "info:")
MASK: Final = "[secret]"
_SECRET: Final = re.compile(
    r"psk$|password|passphrase|secret|token|private.?key|rtx(via)?key$", re.IGNORECASE
)
_NO_SECRET: Final = ("omittedSecrets", "omitted_secrets")


class Unreadable(VpnError):
    """A text that is no `pulumi preview --json`."""


@dataclass(frozen=True)
class Step:
    """One resource that changes; `before` and `after` are its inputs, None where it is not."""

    op: str
    urn: str
    type: str
    name: str
    component: str
    before: Props | None
    after: Props | None
    was: Props
    """Its outputs as the state has them."""
    reasons: tuple[str, ...] = ()
    unfinished: bool = False
    """Whether the last `up` left it made, but not done."""

    @property
    def replaces(self) -> bool:
        """Whether another one takes its place."""
        return "replace" in self.op


@dataclass(frozen=True)
class Diagnostic:
    """What was said, by which resource ("" for the stack); `severity` is the engine's word."""

    severity: str
    text: str
    urn: str = ""


@dataclass(frozen=True)
class Preview:
    """What one stack's preview says."""

    stack: str
    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it ended before it had seen everything."""
        return any(each.severity == "error" for each in self.diagnostics)


def previews_in(text: str, source: str, stack: str = "") -> list[Preview]:
    """The previews in `text`: one, or several one after another.

    What the CLI printed before the JSON is skipped.  `source` is named in errors, and names the
    stack of a preview that ended before it had any step, unless `stack` does.  Raises `Unreadable`.
    """
    found = [_preview(data, stack or source) for data in _objects(text, source)]
    if not found:
        said = masked(" ".join(text.replace("{}", "").split()))[:_LONGEST_SAID]
        raise Unreadable(
            f"{source} holds no preview" + (f"; it says: {said}" if said else ": it is empty"),
            remedy="run `pulumi preview --json --stack S` again: what it says on stderr is why",
        )
    return found


def _objects(text: str, source: str) -> Iterator[Props]:
    decoder = json.JSONDecoder()
    while start := re.search(r"^\{", text, re.MULTILINE):
        try:
            data, end = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{source}: {error}", remedy="run the preview again") from None
        text = text[end:]
        if not data:  # all that the CLI writes if it fails before the engine starts
            continue
        if not _PARTS & set(data):
            keys = ", ".join(sorted(data)[:5])
            raise Unreadable(
                f"{source} is JSON, but no preview (it has: {keys})",
                remedy="give the output of `pulumi preview --json --stack S`",
            )
        yield _without(data, _secrets(data))


def is_secret(key: str) -> bool:
    """Whether what stands at a key of this name is no business of a reviewer's."""
    return bool(_SECRET.search(key)) and key not in _NO_SECRET


def _secrets(data: Props) -> list[str]:
    """Texts that stand in plain where the engine masks (with `--show-secrets` it does not), the
    longest first."""
    states = [
        as_object(as_object(step).get(state))
        for step in as_list(data.get("steps"))
        for state in ("oldState", "newState")
    ]
    places = [data.get("config"), *(s.get(part) for s in states for part in ("inputs", "outputs"))]
    found = {text for place in places for text in _texts(place)}
    for state in states:
        if state.get("type") == KEY:
            found |= {
                text for part in ("inputs", "outputs") for text in _texts(state.get(part), True)
            }
    return sorted(found - {MASK}, key=len, reverse=True)


def _texts(data: Any, inside: bool = False) -> Iterator[str]:
    """The texts at keys that name a secret; very short ones would match anything."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, inside or is_secret(key))
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value, inside)
    elif inside and isinstance(data, str) and len(data) > 3:
        yield data


def _without(data: Any, secrets: list[str]) -> Any:
    """`data` with these texts masked wherever they stand, in messages for example."""
    if not secrets:
        return data
    if isinstance(data, dict):
        return {key: _without(value, secrets) for key, value in data.items()}
    if isinstance(data, list):
        return [_without(value, secrets) for value in data]
    if isinstance(data, str):
        for each in secrets:
            data = data.replace(each, MASK)
    return data


def _preview(data: Props, fallback: str) -> Preview:
    raw = [each for each in as_list(data.get("steps")) if isinstance(each, dict)]
    stack = next((_urn(each)[1] for each in raw if _urn(each)[1:]), fallback)
    return Preview(
        stack,
        tuple(_step(each) for each in raw if each.get("op") not in _IDLE),
        tuple(_diagnostic(as_object(each)) for each in as_list(data.get("diagnostics"))),
    )


def _urn(step: Props) -> list[str]:
    """What stands between the colons of `urn:pulumi:STACK::PROJECT::TYPE::NAME`."""
    return str(step.get("urn", "")).removeprefix("urn:").split(":", 3)


def _step(raw: Props) -> Step:
    old, new = as_object(raw.get("oldState")), as_object(raw.get("newState"))
    urn = str(raw.get("urn", ""))
    kind = str((new or old).get("type") or "")
    name = urn.rpartition("::")[2]
    parent = str((new or old).get("parent") or "")
    why = [*as_list(raw.get("diffReasons")), *as_object(raw.get("detailedDiff"))]
    return Step(
        op=str(raw.get("op", "")),
        urn=urn,
        type=kind,
        name=name,
        component=name if kind == COMPONENT else component_of(parent),
        before=as_object(old.get("inputs")) if old else None,
        # What is deleted has a new state in some versions of the CLI: its old one.
        after=as_object(new.get("inputs")) if new and raw.get("op") != "delete" else None,
        was=as_object(old.get("outputs")),
        reasons=tuple(sorted(set(map(str, why)))),
        unfinished=bool(old.get("initErrors")),
    )


def component_of(urn: str) -> str:
    """The name of the component that `urn` is, or ""."""
    head, _, name = urn.rpartition("::")
    return name if head.endswith((f"::{COMPONENT}", f"${COMPONENT}")) else ""


def _diagnostic(raw: Props) -> Diagnostic:
    text = str(raw.get("message", "")).strip()
    for head in _HEADS:
        text = text.removeprefix(head)
    return Diagnostic(str(raw.get("severity", "")), text.strip(), str(raw.get("urn", "")))
