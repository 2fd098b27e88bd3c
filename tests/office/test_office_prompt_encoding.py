"""A Japanese `console prompt` whose bytes are valid in another encoding too."""

from __future__ import annotations

from pathlib import Path

import pytest
from office_rig import LOGIN, Rig, Wire, rig

from components.office.login import Login
from components.office.session import Session
from components.office.transport import Decoder


class GuessingWire(Wire):
    """A terminal that, as the real transport, does not know its encoding before it is told."""

    decoder: Decoder

    def use_encoding(self, encoding: str) -> None:
        self.decoder = Decoder(encoding)

    def read(self, timeout: float) -> str:
        return self.decoder.decode(super().read(timeout).encode(self._encoding, "replace"))


def connected(office: Rig) -> Session:
    def connect(login: Login) -> Wire:
        wire = GuessingWire(office.router, office.clock, office._line)
        wire.decoder = Decoder()
        office.wires.append(wire)
        return wire

    return Session.open(LOGIN, clock=office.clock, connect=connect)


@pytest.mark.parametrize("context", ["", "tunnel select 1"])
@pytest.mark.parametrize(
    ("character", "prompt"),
    [
        ("ja.sjis", "ﾄｳｷｮ"),  # valid EUC
        ("ja.sjis", "ﾃﾞﾝﾜ"),
        ("ja.sjis", "東京"),
        ("ja.euc", "東京"),
        ("ja.utf8", "東京"),
        ("en.ascii", "tokyo"),
    ],
)
def test_the_prompt_is_known_in_any_encoding(
    tmp_path: Path, character: str, prompt: str, context: str
) -> None:
    office = rig(tmp_path, f"console character {character}\nconsole prompt {prompt}\n")
    with connected(office) as session:
        if context:
            session.command(context)
        assert session.configuration().find("console prompt")[0].text == f"console prompt {prompt}"
        assert session.environment().model == "RTX1220"
        session.leave_context()
        assert session.unsaved() == ()
