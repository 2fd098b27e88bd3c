"""What a resource handler is: subclass `Resource` and give it to `serve.serve`."""

from __future__ import annotations

import abc
import contextlib
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import grpc
from google.protobuf import struct_pb2

from .protocol import engine_pb2, engine_pb2_grpc
from .values import UNKNOWN, Props, changes, decode_map, secret_texts, top


class Incomplete(Exception):
    """The resource exists but is not ready: it is kept in state and the next `up` updates it."""

    def __init__(self, id: str, state: Props, reasons: list[str], inputs: Props | None = None):
        super().__init__("; ".join(reasons))
        self.id, self.state, self.reasons, self.inputs = id, state, reasons, inputs


class Failure(NamedTuple):
    """What `check` found wrong with one property."""

    property: str
    reason: str


Live = tuple[str, Props, Props]  # id, state, inputs


class Diff(NamedTuple):
    """Paths (`a.b[0]`) of what changed, and those among them that need a new resource."""

    changed: Collection[str]
    replace: Collection[str] = ()
    delete_before_replace: bool = False


@dataclass
class Context:
    """One call of the engine, about one resource."""

    urn: str
    preview: bool
    timeout: float  # seconds, from the user's `custom_timeouts`; 0 if there are none
    cancelled: threading.Event  # set by Ctrl-C: stop at the next safe point
    config: Props  # the stack's configuration in the package's own namespace
    engine: engine_pb2_grpc.EngineStub | None
    hidden: set[str] = field(default_factory=set)  # masked in messages and errors; add to it

    def __post_init__(self) -> None:
        stack, self.project, types, self.name = self.urn.split("::", 3)
        self.stack, self.type = stack.removeprefix("urn:pulumi:"), types.rpartition("$")[2]
        self.hidden.update(secret_texts(self.config))

    def info(self, text: str) -> None:
        """Show `text` to the user, under the resource."""
        self._log(engine_pb2.INFO, text)

    def warning(self, text: str) -> None:
        """Show `text` to the user as a warning."""
        self._log(engine_pb2.WARNING, text)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, text: str) -> None:
        message = engine_pb2.LogRequest(severity=severity, message=self.scrub(text), urn=self.urn)
        with contextlib.suppress(grpc.RpcError):  # the engine is gone: nobody is left to read it
            if self.engine:
                self.engine.Log(message)

    def scrub(self, text: str) -> str:
        """`text` with every secret that this call has met masked."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            for form in (secret, repr(secret)[1:-1]):  # an exception may show it quoted
                text = text.replace(form, "[secret]")
        return text

    def decode(self, props: struct_pb2.Struct) -> Props:
        """The properties as plain values; the secrets in them are masked from now on."""
        values: Props = decode_map(props)
        self.hidden.update(secret_texts(values))
        return values


class Resource(abc.ABC):
    """A kind of resource.  `check`, `diff` and `preview` must stand UNKNOWN, no other meets it."""

    outputs: Collection[str] = ()  # known only after create
    secrets: Collection[str] = ()  # go out marked as secret, whatever the program says
    replace_on: Collection[str] = ()  # inputs whose change needs a new resource
    delete_before_replace = False
    # Inputs whose change is no difference: what was given last reaches a delete beside the state.
    passing: Collection[str] = ()

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        """The inputs as they are to be kept, or what is wrong with them."""
        return inputs

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """What changes, and whether that needs a new resource."""
        changed = [path for path, _ in changes(old_inputs, inputs)]
        replace = [path for path in changed if top(path) in self.replace_on]
        return Diff(changed, replace, self.delete_before_replace)

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """The state that a create (`old_state` is empty) or an update would lead to."""
        return {key: old_state.get(key, UNKNOWN) for key in self.outputs} | inputs

    @abc.abstractmethod
    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make it; id and state.  Must take over what a killed run left behind."""

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """What is really there, or None if it is gone.  An import knows only `id`."""
        return id, state, inputs

    @abc.abstractmethod
    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Bring it, in whatever condition it is, to what `inputs` say; the new state."""

    @abc.abstractmethod
    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Remove it; what is gone already is no error."""
