"""What a preview means for a site: lines, values, the agreement, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .. import ipsec
from ..cloud.router import agreement_of
from ..cloud.tree import as_list, as_object
from ..cloud.wiring import wires
from .lines import line_diff
from .preview import COMPONENT, KEY, UNKNOWN, Diagnostic, Preview, Props, Step, component_of
from .values import LATER, Value, values

TUNNEL: Final = "sakurartx:index:Tunnel"
OFFICE_END: Final = "sakurartx:index:OfficeEnd"
ROUTER: Final = "sakurartx:index:VpcRouter"
# The field's words for what a stack holds.
NOUNS: Final = {
    TUNNEL: "tunnel",
    OFFICE_END: "office end",
    ROUTER: "VPC router",
    "sakurartx:index:AttachedRouter": "attached VPC router",
    "sakurartx:index:Internet": "router+switch",
    "sakurartx:index:Switch": "switch",
    KEY: "pre-shared key",
    "pulumi:providers:sakurartx": "access to both ends",
}
# Consent in the inputs of a tunnel: the value that consents, and what it means.
CONSENTS: Final = {
    "inBand": (True, "office.in_band: the way that the router is reached by may change"),
    "allowUnsaved": (True, "office.allow_unsaved: other people's unsaved lines are saved too"),
    "omittedSecrets": ("kept", "cloud.omitted_secrets: the API keeps keys that it hides"),
    "sharedParameters": ("change", "cloud.shared_parameters: changes under the other peers"),
}
_STACK: Final = "pulumi:pulumi:Stack"
# What the diff block, or another message, says anyway.
_REPEATED: Final = ("would be typed on the RTX", "preview failed")


class Shared(NamedTuple):
    """A row of the agreement: what both ends share, now and after, and each end's word for it."""

    name: str
    before: str
    after: str
    cloud: str
    office: str

    @property
    def changes(self) -> bool:
        """Whether the value is another one."""
        return self.before != self.after


@dataclass(frozen=True)
class SiteChange:
    """What a preview says about one site; `counts` are its steps by what is done."""

    name: str
    failed: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    agreement: tuple[Shared, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    stops: tuple[str, ...] = ()
    """For what the VPC router is powered off; every tunnel on it is down meanwhile."""
    replaced: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    key: str = ""
    imported: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    new: bool = False
    gone: bool = False

    @property
    def changed(self) -> bool:
        """Whether `up` would do anything."""
        return bool(self.counts)

    def said(self, severity: str) -> int:
        """How many findings there are of a severity."""
        return sum(each.severity == severity for each in self.findings)

    @property
    def weight(self) -> int:
        """How much it matters that a reviewer sees it."""
        grave = self.failed or self.stops or self.replaced or self.deleted
        return 2 if grave else 1 if self.findings or self.addresses else 0


def changes_of(previews: Sequence[Preview]) -> list[SiteChange]:
    """Every site of these previews, by name."""
    return sorted(
        (site for preview in previews for site in _sites(preview)), key=lambda site: site.name
    )


def _sites(preview: Preview) -> Iterator[SiteChange]:
    """A stack is a site, unless its program makes several."""
    steps = [step for step in preview.steps if step.type != _STACK]
    said = [d for d in preview.diagnostics if not d.text.startswith(_REPEATED) and _matters(d)]
    components = sorted({step.component for step in steps} - {""})
    if len(components) < 2:
        yield _site(preview.stack, steps, said, preview.failed)
        return
    for component in ("", *components):
        own = [step for step in steps if step.component == component]
        heard = [d for d in said if _speaker(d, preview.steps, components) == component]
        name = f"{preview.stack}/{component}".rstrip("/")
        if component or own or heard:
            yield _site(name, own, heard, any(d.severity == "error" for d in heard))


def _matters(said: Diagnostic) -> bool:
    return bool(said.text) and said.severity in ("info", "warning", "error")


def _speaker(said: Diagnostic, steps: Sequence[Step], components: Sequence[str]) -> str:
    """The component that a diagnostic belongs to: what stays the same has no step to tell."""
    if component := component_of(said.urn):
        return component
    for step in steps:
        if step.urn == said.urn:
            return step.component
    name = said.urn.rpartition("::")[2]
    mine = [each for each in components if name.startswith(f"{each}-")]
    return max(mine, key=len, default="")


def _site(name: str, steps: Sequence[Step], said: Sequence[Diagnostic], failed: bool) -> SiteChange:
    tunnels = [step for step in steps if step.type in (TUNNEL, OFFICE_END)]
    real = [step for step in steps if step.type != COMPONENT]
    return SiteChange(
        name=name,
        failed=failed,
        counts=dict(Counter(_verb(step) for step in real)),
        lines=tuple(line for step in tunnels for line in line_diff(*_texts(step))),
        values=tuple(value for step in real for value in values(step, _named(step))),
        agreement=tuple(row for step in tunnels for row in _agreement(step)),
        findings=tuple(said),
        stops=tuple(stop for step in real if step.type == ROUTER for stop in _stops(step)),
        replaced=tuple(_named(step) for step in real if step.replaces),
        addresses=tuple(change for step in tunnels for change in _addresses(step)),
        key=next((found for step in tunnels if (found := _key(step))), ""),
        imported=tuple(_named(step) for step in real if step.op.startswith("import")),
        deleted=tuple(_named(step) for step in real if step.op == "delete"),
        unfinished=tuple(_named(step) for step in real if step.unfinished),
        consents=tuple(text for step in tunnels for text in _consents(step)),
        new=any(step.type == COMPONENT and step.op == "create" for step in steps),
        gone=any(step.type == COMPONENT and step.op == "delete" for step in steps),
    )


def _verb(step: Step) -> str:
    return "replace" if step.replaces else step.op.partition("-")[0]


def _named(step: Step) -> str:
    return f"{NOUNS.get(step.type, step.type)} {step.name}"


def _texts(step: Step) -> tuple[str, str]:
    before, after = (as_object(each).get("lines") for each in (step.before, step.after))
    return _text(before), _text(after)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _agreement(step: Step) -> Iterator[Shared]:
    before, after = _rows(step.before), _rows(step.after)
    for name in before | after:
        old, new = before.get(name, {}), after.get(name, {})
        said = new or old
        yield Shared(
            name, old.get("value", ""), new.get("value", ""), said["cloud"], said["office"]
        )


def _rows(inputs: Props | None) -> dict[str, dict[str, str]]:
    """The agreement that a tunnel's inputs hold, by name of the row; nothing from half of one."""
    try:
        agreement = agreement_of((inputs or {})["cloud"])
        rows = ipsec.rows(agreement, _known((inputs or {}).get("address")))
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return {}  # a peer that is gone, or a value of an end that no RTX has
    return {row["name"]: row for row in rows}


def _known(value: object) -> str:
    return LATER if value in (None, UNKNOWN) else str(value)


def _stops(step: Step) -> list[str]:
    """For what a running VPC router has to be stopped: another switch on an interface."""
    if step.before is None or step.after is None or step.replaces:
        return []
    there, wanted = _switches(step.before), _switches(step.after)
    if step.was.get("imported"):  # the state of an import holds interfaces that are not ours, too
        there = {nic: switch for nic, switch in there.items() if nic in wanted}
    return [str(wire) for wire in wires(there, dict.fromkeys(there, "") | wanted)]


def _switches(inputs: Props) -> dict[int, str]:
    lans = [inputs.get("lan"), *as_list(inputs.get("interfaces"))]
    known = [lan for lan in lans if isinstance(lan, dict) and isinstance(lan.get("nic", 1), int)]
    return {lan.get("nic", 1): str(lan.get("switchId", "")) for lan in known}


def _addresses(step: Step) -> Iterator[str]:
    """Addresses that one end calls the other by, and that become others."""
    if step.before is None or step.after is None:
        return
    for end, old, new in (
        ("VPC router", step.before.get("address"), step.after.get("address")),
        ("office", _peer(step.before), _peer(step.after)),
    ):
        if old != new:
            yield f"{end} {_known(old)} to {_known(new)}"


def _peer(inputs: Props) -> object:
    return as_object(inputs.get("cloud")).get("peer")


def _key(step: Step) -> str:
    if step.before is None or step.after is None:
        return ""
    old, new = step.before.get("pskVersion"), step.after.get("pskVersion")
    if old != new:
        return f"version {old} to {new}"
    return "another key is given" if "psk" in step.reasons else ""


def _consents(step: Step) -> Iterator[str]:
    given = as_object(as_object(step.after).get("consent"))
    for key, (value, meaning) in CONSENTS.items():
        if given.get(key) == value:
            yield meaning
    for code, why in as_object(given.get("accept")).items():
        yield f"accept: {code}, because: {why}"
