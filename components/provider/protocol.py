"""The engine's protocol: the classes that the SDK generated from its .proto files, without the SDK.

They live inside the package `pulumi`, and importing that brings all that a program may need: the
automation API, dynamic providers, telemetry.  A plugin needs none of it and is started in every
preview, so their folder is looked into as if it were a package of ours.  A process that imports the
SDK too has the same message classes: they belong to their descriptors, not to the modules.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )
else:
    _FOLDER: Final = ("runtime", "proto")
    _sdk = find_spec("pulumi")
    _places = _sdk.submodule_search_locations if _sdk else None
    generated = ModuleType(f"{__package__}.generated")
    generated.__path__ = [str(Path(place, *_FOLDER)) for place in _places or ()]
    sys.modules[generated.__name__] = generated

    from .generated import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
