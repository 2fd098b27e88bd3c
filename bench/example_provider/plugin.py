"""The plugin: a note is a text that the provider keeps nowhere but in the state.

Written as the SDK's users write one: the protocol's classes from the SDK, a resource's properties
passed on as they are.  It decides nothing, so it is the floor of what a plugin in Python costs.
"""

# The names of the methods are the engine's.
# ruff: noqa: N802

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb


def _made(properties: struct_pb2.Struct) -> struct_pb2.Struct:
    """The state of a note: what was asked for, and the address that it got."""
    state = struct_pb2.Struct()
    state.CopyFrom(properties)
    state.update({"address": "note-1"})
    return state


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes; the rest answers UNIMPLEMENTED."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="0.1.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        return pb.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        same = request.old_inputs == request.news
        kind = pb.DiffResponse.DIFF_NONE if same else pb.DiffResponse.DIFF_SOME
        return pb.DiffResponse(changes=kind)

    def Create(self, request: Any, context: Any) -> Any:
        return pb.CreateResponse(id="note", properties=_made(request.properties))

    def Read(self, request: Any, context: Any) -> Any:
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:
        return pb.UpdateResponse(properties=_made(request.news))

    def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    """Serve until the engine is gone."""
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port, parent = server.add_insecure_port("127.0.0.1:0"), os.getppid()
    server.start()
    print(port, flush=True)
    ended = threading.Event()
    while not ended.wait(0.5) and os.getppid() == parent:
        pass


if __name__ == "__main__":
    main()
