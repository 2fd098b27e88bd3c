"""What every link between the ends shows in the same way: numbers of SAs, the report of a ping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

SaKey = tuple[bytes, Literal["", "send", "recv"]]

PINGS_FROM_CLOUD: Final = 3


class Numbers:
    """The RTX's numbers of its SAs: the lowest free one, and a number stays with its SA."""

    def __init__(self) -> None:
        self._known: dict[SaKey, int] = {}

    def of(self, standing: Sequence[SaKey]) -> dict[SaKey, int]:
        """The numbers of the SAs that stand; those of others are free again."""
        self._known = {key: number for key, number in self._known.items() if key in standing}
        for key in standing:
            if key not in self._known:
                used = set(self._known.values())
                self._known[key] = next(n for n in range(1, len(used) + 2) if n not in used)
        return dict(self._known)


def ping_report(destination: str, answers: Sequence[float]) -> list[str]:
    """The lines of a ping by the VPC router, from the milliseconds of its answers.

    The real wording is unverified; these are the words of a common ping.
    """
    lost = 100 * (PINGS_FROM_CLOUD - len(answers)) // PINGS_FROM_CLOUD
    return [
        f"PING {destination} 56(84) bytes of data.",
        *(
            f"64 bytes from {destination}: icmp_seq={number} ttl=254 time={time} ms"
            for number, time in enumerate(answers, 1)
        ),
        f"--- {destination} ping statistics ---",
        f"{PINGS_FROM_CLOUD} packets transmitted, {len(answers)} received, {lost}% packet loss",
    ]
