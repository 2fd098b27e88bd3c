"""Serve Pulumi resources written in Python: the gRPC side of a provider plugin.

Subclass `handler.Resource` for each kind and call `serve(lambda: {"pkg:module:Name": Handler()})`.
The names of the methods are the engine's (pulumi/provider.proto).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2

from ..errors import VpnError
from .handler import Context, Incomplete, Resource
from .protocol import engine_pb2_grpc, plugin_pb2, provider_pb2_grpc, status_pb2
from .protocol import provider_pb2 as pb
from .values import Props, Secret, changes, contains, decode_map, encode, top

# A proxy variable of the user's must not catch the local connection to the engine.
OPTIONS = [("grpc.max_receive_message_length", 400 << 20), ("grpc.enable_http_proxy", 0)]


def pack(props: Props, handler: Resource, inputs: Props) -> struct_pb2.Struct:
    """Encode; what the handler calls secret, or what came in holding one, goes out secret."""
    secret = {*handler.secrets, *(k for k, v in inputs.items() if contains(v, Secret))}
    struct = struct_pb2.Struct()
    for key, value in props.items():
        mark = key in secret and value is not None and not contains(value, Secret)
        struct.update({key: encode(Secret(value) if mark else value)})
    return struct


Resources = Callable[[], Mapping[str, Resource]]


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes; the rest answers UNIMPLEMENTED."""

    def __init__(self, resources: Resources, version: str, engine: str | None) -> None:
        self.cancelled = threading.Event()
        self._resources, self._version, self._config = resources, version, Props()
        channel = grpc.insecure_channel(engine, OPTIONS) if engine else None
        self._engine = engine_pb2_grpc.EngineStub(channel) if channel else None

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        # A rotated password or token changes the provider in place: no resource is touched.
        old, new = decode_map(request.old_inputs), decode_map(request.news)
        changed = any(True for _ in changes(old, new))
        kind = pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(changes=kind)

    def Configure(self, request: Any, context: Any) -> Any:
        self._config = decode_map(request.args)
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancelled.set()
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            inputs = ctx.decode(request.news)
            result = kind.check(inputs, ctx)
            if isinstance(result, dict):
                return pb.CheckResponse(inputs=pack(result, kind, inputs))
            failures = [pb.CheckFailure(property=p, reason=ctx.scrub(why)) for p, why in result]
            return pb.CheckResponse(inputs=request.news, failures=failures)

        return self._call(request, context, work)

    def Diff(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            old, new = ctx.decode(request.old_inputs), ctx.decode(request.news)
            diff = kind.diff(old, ctx.decode(request.olds), new, ctx)
            kinds, detail = dict(changes(old, new)), {}
            for path in diff.changed:
                name = kinds.get(path, "UPDATE") + ("_REPLACE" if path in diff.replace else "")
                mark = pb.PropertyDiff.Kind.Value(name)
                detail[path] = pb.PropertyDiff(kind=mark, inputDiff=path in kinds)
            return pb.DiffResponse(
                changes=pb.DiffResponse.DIFF_SOME if detail else pb.DiffResponse.DIFF_NONE,
                diffs=sorted({top(path) for path in detail}),
                replaces=sorted({top(path) for path in diff.replace}),
                deleteBeforeReplace=diff.delete_before_replace,
                detailedDiff=detail,
                hasDetailedDiff=True,
            )

        return self._call(request, context, work)

    def Create(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            inputs = ctx.decode(request.properties)
            if ctx.preview:
                id, state = "", kind.preview({}, inputs, ctx)
            else:
                id, state = kind.create(inputs, ctx)
            return pb.CreateResponse(id=id, properties=pack(state, kind, inputs))

        return self._call(request, context, work, request.properties)

    def Read(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            old = ctx.decode(request.inputs)
            found = kind.read(request.id, ctx.decode(request.properties), old, ctx)
            if found is None:
                return pb.ReadResponse()  # without an id: the engine drops it from state
            id, state, inputs = found
            live = pack(inputs, kind, old)
            return pb.ReadResponse(id=id, properties=pack(state, kind, old), inputs=live)

        return self._call(request, context, work, request.inputs)

    def Update(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            old, inputs = ctx.decode(request.olds), ctx.decode(request.news)
            if ctx.preview:
                state = kind.preview(old, inputs, ctx)
            else:
                state = kind.update(request.id, old, inputs, ctx)
            return pb.UpdateResponse(properties=pack(state, kind, inputs))

        return self._call(request, context, work, request.news)

    def Delete(self, request: Any, context: Any) -> Any:
        def work(kind: Resource, ctx: Context) -> Any:
            state, given = ctx.decode(request.properties), ctx.decode(request.old_inputs)
            state |= {name: given[name] for name in kind.passing if name in given}
            kind.delete(request.id, state, ctx)
            return empty_pb2.Empty()

        return self._call(request, context, work)

    def _call(
        self,
        request: Any,
        context: Any,
        work: Callable[[Resource, Context], Any],
        inputs: struct_pb2.Struct | None = None,
    ) -> Any:
        """Do `work`; turn what it raises into the engine's kinds of failure."""
        preview, timeout = getattr(request, "preview", False), getattr(request, "timeout", 0.0)
        ctx = Context(request.urn, preview, timeout, self.cancelled, self._config, self._engine)
        try:
            if ctx.type not in self._resources():
                raise VpnError(f"this provider has no resource type {ctx.type!r}")
            return work(self._resources()[ctx.type], ctx)
        except Incomplete as err:
            text, kind = str(err), self._resources()[ctx.type]
            old = ctx.decode(inputs or struct_pb2.Struct())
            detail = pb.ErrorResourceInitFailed(
                id=err.id,
                properties=pack(err.state, kind, old),
                inputs=pack(old if err.inputs is None else err.inputs, kind, old),
                reasons=[ctx.scrub(reason) for reason in err.reasons],
            )
            code = grpc.StatusCode.UNKNOWN.value[0]
            status = status_pb2.Status(code=code, message=ctx.scrub(text))
            status.details.add().Pack(detail)
            packed = status.SerializeToString()
            context.set_trailing_metadata((("grpc-status-details-bin", packed),))
        except VpnError as err:
            text = str(err)
        except Exception as err:  # noqa: BLE001 - a bug, or what nobody thought of: show where
            tb = err.__traceback__
            while tb and tb.tb_next and tb.tb_frame.f_code.co_filename == __file__:
                tb = tb.tb_next
            text = "".join(traceback.format_exception(type(err), err, tb)).rstrip()
        return context.abort(grpc.StatusCode.UNKNOWN, ctx.scrub(text))


def serve(
    resources: Resources,
    *,
    version: str = "0.0.1",
    workers: int = 64,
    grace: float = 60,
) -> None:
    """Serve until told to end or the parent is gone; running calls then get `grace` seconds.

    `resources` is called once the engine knows the port: what it imports is imported while the
    engine and the program get ready.  `workers` must exceed the engine's --parallel: Cancel needs
    a thread of its own.
    """
    provider = Provider(resources, version, sys.argv[-1] if len(sys.argv) > 1 else None)
    server = grpc.server(ThreadPoolExecutor(workers), options=OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port, parent, ended = server.add_insecure_port("127.0.0.1:0"), os.getppid(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # the host sends the one, the engine the other
        signal.signal(number, lambda *_: ended.set())
    server.start()
    print(port, flush=True)
    resources()
    while not ended.wait(0.5) and os.getppid() == parent:
        pass
    provider.cancelled.set()
    server.stop(grace).wait()
    os._exit(0)  # a call that outlived the grace must not hold the process
