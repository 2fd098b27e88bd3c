"""`PreSharedKey`: made once for each version, or as given; kept in state as a secret."""

from __future__ import annotations

import hashlib
import secrets

from ..errors import SpecError
from ..ipsec import generate_key, key_problem
from .handler import Context, Failure, Live, Resource
from .values import UNKNOWN, Props, Secret, reveal


def _new_id() -> str:
    return f"psk-{secrets.token_hex(4)}"


def _after(old_state: Props) -> str:
    """The mark of the key that takes the place of this one: a preview knows it too.

    A row that begins by chance and goes on by rule says that a key changed, and nothing about it.
    """
    return hashlib.sha256(str(old_state.get("mark", "")).encode()).hexdigest()[:8]


class PreSharedKey(Resource):
    """Inputs `version` and, if the user gives one, `value`; outputs `value` and `mark`.

    `mark` is another one for each key that was in use, and no secret: it is not made from the key.
    """

    outputs = ("value", "mark")
    secrets = ("value",)

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        """Refuse a key that the API would refuse, long before the API sees it."""
        value = reveal(inputs.get("value"))
        if value is None or value is UNKNOWN:
            return inputs
        problem = key_problem(str(value), "value")
        if problem is None:
            return inputs
        return [Failure("value", f"psk: found {problem.found}; allowed: {problem.allowed}")]

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """A key that would be made is not known yet; one that stays is."""
        stays = old_state.get("version") == inputs["version"] and "value" in old_state
        value = old_state["value"] if stays else UNKNOWN
        return {"value": value, "mark": _after(old_state) if old_state else UNKNOWN, **inputs}

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """The key as given, else a new one."""
        return _new_id(), {"value": generate_key(), "mark": secrets.token_hex(4), **inputs}

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Called for a new version or another given key."""
        return {"value": generate_key(), "mark": _after(old_state), **inputs}

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """A key exists in state alone; an import finds it at the ends of its tunnel."""
        return (id, state, inputs) if state else self._imported(id, ctx)

    def _imported(self, id: str, ctx: Context) -> Live | None:
        from ..clock import SystemClock
        from .tunnel_import import key_found

        key = key_found(id, ctx, SystemClock(ctx.cancelled))
        if key is None:
            return None
        if problem := key_problem(key, "the pre-shared key that stands"):
            raise SpecError([problem], source="import of a pre-shared key")
        inputs = {"version": 1}
        state = inputs | {"value": Secret(key), "mark": secrets.token_hex(4)}
        return _new_id(), state, inputs

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Nothing to remove: the tunnel took it away from both ends."""
