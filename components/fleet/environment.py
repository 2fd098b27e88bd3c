"""The environment in which Pulumi works on a site.

A rehearsed site has a backend, a home and a passphrase of its own in the folder of its rehearsal,
so that nothing of the user's is touched; every other site uses the user's own login.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..rehearsal import instance

DEMO: Final = "demo"
# No secret: the state that it opens describes a rehearsal and nothing else.
DEMO_PASSPHRASE: Final = "rehearsal"
# They would take the place of a rehearsed site's own backend, passphrase or stack.
NOT_FOR_A_REHEARSAL: Final = (
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_STACK",
)


def rehearsal_folder(site: str, folder: Path) -> Path:
    """Where a rehearsed site's ends live: the demo's in `folder`, others' beside it."""
    return folder if site == DEMO else folder.with_name(f"{folder.name}-{site}")


def environment(
    base: Mapping[str, str], programs: Path, cli: Path, rehearsal: Path | None
) -> dict[str, str]:
    """The environment for the CLI: `programs` holds our plugin, `rehearsal` is the folder of a
    rehearsed site (None: a site of the user's)."""
    path = [str(programs), str(cli.parent), base.get("PATH", os.defpath)]
    env = {**base, "PATH": os.pathsep.join(path), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    if rehearsal is not None:
        for name in NOT_FOR_A_REHEARSAL:
            env.pop(name, None)
        env |= {
            "PULUMI_BACKEND_URL": (rehearsal / instance.BACKEND).as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": DEMO_PASSPHRASE,
            "PULUMI_HOME": str(rehearsal / "pulumi-home"),
            instance.FOLDER_VARIABLE: str(rehearsal),
        }
    return env
