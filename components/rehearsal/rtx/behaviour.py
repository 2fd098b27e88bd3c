"""What is not known about a real router, or not in the same way by all: one guess or the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """How the router behaves where the facts leave a choice.

    `load_asks`: a `load` of a saved configuration (not of a file) asks for its two passwords, as
    `show config N` does; a public tool that was made with a real router answers them.
    `scheduled_load`: the same `load` works in a schedule, where nobody answers: it is allowed there
    (37.1), that it works is unverified.
    `difference_asks`: `show config difference` asks for them too, as the command reference says
    (57.7).
    `load_makes_key`: a `load` without `no-key-generate` makes a new host key, as 56.7.30 can be
    read (unverified).
    `abbreviations`: keywords may be cut short where only one is meant (unverified).
    `undefined_filters`: a filter list may name filters that do not exist; the command reference is
    silent, except that an undefined set of filters counts as none (8.1.25).
    `rsa_sha2`: the host key also signs with SHA-2, on models where it was not seen that it does not
    (unverified).
    `sa_detail_counts`: `show ipsec sa gateway GW detail` counts the SAs of the gateway in `SA[1]`
    and so on, instead of naming the ids that `ipsec sa delete` takes (which of both is unverified).
    """

    load_asks: bool = True
    scheduled_load: bool = True
    difference_asks: bool = True
    load_makes_key: bool = False
    abbreviations: bool = False
    undefined_filters: bool = True
    rsa_sha2: bool = False
    sa_detail_counts: bool = False
