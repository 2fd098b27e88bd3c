"""A terminal that completes words draws the typed line again and again while it is typed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.office.shell import Answer, Prompt, Shell

# As another implementation of this console was seen to send it.
SELECT = "tunnel\x1b[6Dtunnel select\x1b[13Dtunnel select 1\r\ntunnel1# "
REFUSED = "no\x1b[2Dno such thing\r\nError: Invalid command name\r\ntunnel1# "
TUNNEL_1 = Prompt("", "tunnel1", administrator=True)


def test_a_line_drawn_again_is_one_echo() -> None:
    shell = Shell(prefix="")
    shell.sent("tunnel select 1")
    assert shell.receive(SELECT) == [Answer("", None, TUNNEL_1)]


def test_a_refusal_after_a_line_drawn_again() -> None:
    shell = Shell(prefix="")
    shell.sent("no such thing")
    (event,) = shell.receive(REFUSED)
    assert event == Answer("Error: Invalid command name", "Error: Invalid command name", TUNNEL_1)


@pytest.mark.parametrize("back", ["\x1b[4D\x1b[K", "\b\b\b\b", "\x1b[D\x1b[D\b\x1b[1D"])
def test_every_way_back_to_what_was_typed(back: str) -> None:
    shell = Shell(prefix="")
    shell.sent("show environment")
    (event,) = shell.receive(f"show{back}show environment\r\nok\r\n# ")
    assert isinstance(event, Answer)
    assert event.text == "ok"


@given(st.sets(st.integers(1, len(SELECT) - 1)))
def test_however_it_is_cut_it_is_one_echo(cuts: set[int]) -> None:
    shell = Shell(prefix="")
    shell.sent("tunnel select 1")
    ends = [0, *sorted(cuts), len(SELECT)]
    events = [e for a, b in pairwise(ends) for e in shell.receive(SELECT[a:b])]
    assert events == [Answer("", None, TUNNEL_1)]


@pytest.mark.parametrize("sequence", ["\x1b[6C", "\x1b]0;x\x07", "\x1bM"])
def test_what_is_no_redrawing_is_no_echo(sequence: str) -> None:
    shell = Shell(prefix="")
    shell.sent("show environment")
    assert shell.receive(f"show{sequence} environment\r\nok\r\n# ") == []
