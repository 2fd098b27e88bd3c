"""Which of the router's saved configurations is the one that matters (command reference 56.3).

`save` without a number writes the configuration that the router booted from (56.3.3); a restart
boots the one that `set-default-config` chose (56.3.8).  What compares with the saved configuration,
and the guards that bring it back, need one that is both.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import DeviceError
from .answers import Environment

_NUMBERED: Final = re.compile(r"config([0-4])")


def number_of(router: Environment) -> int:
    """The number of that configuration; 0, the factory's choice, where the router names none.

    Raises `DeviceError` if there is none: a restart would boot another configuration than the one
    that `save` writes, or the router booted from a memory stick or a former generation.
    """
    default = router.default_file or router.running_file or "config0"
    running = router.running_file or default
    found = _NUMBERED.fullmatch(running)
    if found and running == default:
        return int(found[1])
    use = f"`set-default-config {found[1]}`, or " if found else ""
    raise DeviceError(
        f"the router runs with {running}, which `save` writes, and a restart would boot {default}"
        if running != default
        else f"the router boots from {running}",
        attempted="find the saved configuration that a guard would bring back (`show environment`)",
        state="nothing was changed",
        remedy=f"{use}restart the router with the configuration of its own (config0 to config4) "
        "that is meant",
    )
