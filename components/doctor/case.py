"""What follows from both ends as they were read: against what they should be, and each other.

Pure.  The judgements themselves are the audit's; nothing is judged a second time here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address
from typing import Final

from ..cloud.objects import router_state
from ..cloud.router import other_peers, peer_of, same_address
from ..cloud.tree import Json
from ..disagreements import DISAGREEMENTS
from ..errors import SpecError, VpnError
from ..office import others, syntax
from ..office.audit import FarEnd, Finding, audit, far_end
from ..office.audit.agreed import as_agreed
from ..office.config import Scope, parse, scope_of
from ..office.facts import Gateway, facts_of
from ..office.plan import plan, touched
from .aim import Aim
from .seen import CloudEnd, NotOurs, OfficeEnd

_SHARED: Final = frozenset(row.code for row in DISAGREEMENTS)


@dataclass(frozen=True)
class Case:
    """One look at both ends; what needs an end that could not be read is None or empty."""

    aim: Aim
    office_seen: OfficeEnd | VpnError
    cloud_seen: CloudEnd | NotOurs | VpnError

    @property
    def office(self) -> OfficeEnd | None:
        """The office end, if it was read."""
        return self.office_seen if isinstance(self.office_seen, OfficeEnd) else None

    @property
    def cloud(self) -> CloudEnd | None:
        """The cloud end, if the API was read."""
        return self.cloud_seen if isinstance(self.cloud_seen, CloudEnd) else None

    @property
    def theirs(self) -> NotOurs | None:
        """The cloud end, if it is somebody else's, whom alone it can be asked."""
        return self.cloud_seen if isinstance(self.cloud_seen, NotOurs) else None

    @property
    def known(self) -> bool:
        """Whether there is something to say about the cloud end: it was read, or is not ours."""
        return bool(self.cloud or self.theirs)

    @property
    def compared(self) -> bool:
        """Whether there is a cloud end to compare with: the VPC router, or what was agreed on."""
        return bool(self.appliance or self.theirs)

    @property
    def appliance(self) -> Json | None:
        """The VPC router, if there is one."""
        return self.cloud.appliance if self.cloud else None

    @property
    def reconnect(self) -> str:
        """The command that starts the key exchange anew, whom else it may touch, and who has the
        last means."""
        if self.theirs:
            press = f"{self.theirs.owner} presses VPN reconnect (VPN再接続)"
            return f"{self.aim.reconnect} (if that is not enough, {press})"
        if not self.others:
            return self.aim.reconnect
        more = f"--all-peers, which interrupts {', '.join(self.others)} too"
        return f"{self.aim.reconnect} (if it asks for it with {more})"

    @property
    def unexplained(self) -> str:
        """What is left where there are no SAs and nothing else is broken."""
        if self.theirs:
            return f"let {self.theirs.owner} compare the key and the values above"
        stored = "what the cloud end has in force may not be what it has stored"
        return f"{stored}: {self.aim.up}"

    # --- the cloud end ---------------------------------------------------------------------------

    @cached_property
    def far(self) -> FarEnd | None:
        """The cloud end as an audit compares with it: what was agreed on if it is not ours; None if
        it has no site-to-site VPN, or one whose settings have another form."""
        if self.theirs:
            return as_agreed(self.theirs.agreed)
        if self.appliance is None:
            return None
        try:
            return far_end({"Appliance": self.appliance})
        except SpecError:
            return None

    @property
    def peer_address(self) -> str:
        """The address of the office, which is the name of our entry at the cloud end."""
        return self.aim.peer

    @cached_property
    def peer(self) -> Json | VpnError | None:
        """Our peer entry as it is stored, without its key; an error where that cannot be told."""
        if self.appliance is None:
            return None
        try:
            return peer_of(self.appliance.get("Settings"), self.peer_address)
        except VpnError as error:
            return error

    @cached_property
    def cloud_drift(self) -> tuple[str, ...]:
        """What of our stored entry is not as it should be."""
        if not isinstance(self.peer, dict):
            return ()
        return tuple(
            f"{name}: {self.peer[name]}, site file {value}"
            for name, value in self.aim.cloud.items()
            if self.peer[name] != value and not same_address(self.peer[name], value)
        )

    @cached_property
    def status(self) -> str:
        """What the VPC router says about our peer; "" if it says nothing."""
        said = self.cloud.statuses if self.cloud else {}
        return next(
            (word for peer, word in said.items() if same_address(peer, self.peer_address)), ""
        )

    @cached_property
    def others(self) -> tuple[str, ...]:
        """The other peers that are stored at the cloud end."""
        if self.appliance is None or not self.appliance.get("Settings"):
            return ()
        return tuple(other_peers(self.appliance["Settings"], self.peer_address))

    # --- the office end --------------------------------------------------------------------------

    @cached_property
    def gateway(self) -> Gateway | None:
        """Our gateway's lines on the RTX."""
        running = self.office.running if self.office else parse("")
        return facts_of(running).gateway(self.aim.gateway)

    @cached_property
    def vip(self) -> IPv4Address | None:
        """The address of the cloud end: as the API, else the site file, else the RTX has it."""
        called = self.gateway.values.get("remote_address") if self.gateway else None
        stored = router_state(self.appliance).vip if self.appliance else ""
        for text in (stored, self.aim.vip, called):
            try:
                return IPv4Address(str(text))
            except ValueError:
                continue
        return None

    @cached_property
    def wanted(self) -> str:
        """The office end's lines as they should be."""
        return self.aim.lines_at(self.vip)

    @cached_property
    def _scope(self) -> Scope:
        return scope_of(self.wanted)

    @property
    def stands(self) -> bool:
        """Whether anything of our block, gateway or policy is on the RTX; routes do not count."""
        if self.office is None:
            return False
        return bool(self.office.running.owned(replace(self._scope, keys=frozenset())))

    @cached_property
    def drift(self) -> tuple[str, ...]:
        """The commands that would make the office end as it should be; no key in them."""
        if self.office is None:
            return ()
        try:
            planned = plan(self.office.running, parse(self.wanted), self._scope)
        except VpnError as error:  # a list of filters that nobody but the user can decide about
            return (error.what,)
        return tuple(syntax.masked(command) for command, _ in touched(planned.commands))

    @cached_property
    def unsaved(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Commands that would take unsaved lines back: about lines of ours, about others'."""
        if self.office is None:
            return (), ()
        of = others.of_unsaved(self.office.unsaved, self.office.running, self._scope)
        ours, theirs = (tuple(syntax.masked(command) for command, _ in each) for each in of)
        return ours, theirs

    # --- both ------------------------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The audit's errors and warnings about our tunnel, against the cloud end if that is known;
        what is only worth knowing belongs to an audit."""
        if self.office is None:
            return ()
        found = audit(self.office.running, far=self.far, tunnel=self.aim.tunnel)
        return tuple(each for each in found if each.severity != "info")

    @property
    def judged(self) -> bool:
        """Whether the RTX has our tunnel, bound to a gateway: else an audit finds nothing else."""
        return self.office is not None and all(f.code != "half-configured" for f in self.findings)

    @property
    def disagreements(self) -> tuple[Finding, ...]:
        """Those about values that both ends must share."""
        return tuple(each for each in self.findings if each.code in _SHARED)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that break something: errors which nobody accepts."""
        return tuple(
            each
            for each in self.findings
            if each.severity == "error" and each.code not in self.aim.accept
        )

    @property
    def passes(self) -> bool:
        """Whether a small ping came back through the tunnel."""
        return self.office is not None and self.office.small.received > 0
