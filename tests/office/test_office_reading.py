"""What terminals and file transfers do to a configuration, undone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.office.facts import facts_of
from components.office.facts_json import as_json
from components.office.reading import decode, read, unwrapped

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
# As files: nothing of a terminal in them.
FILES = [file for file in sorted(CORPUS.glob("*.txt")) if not file.name.startswith("12-")]
TEXTS = {file.name.split(".")[0]: decode(file.read_bytes()) for file in FILES}
LONG = (
    "ip lan2 secure filter in 200000 200001 200002 200003 200020 200021 200022 200023 200024 200025"
    " 200030 200032 dynamic 200080 200081 200082 200083 200084 200085 200098 200099"
)


def cut(text: str, columns: int = 80) -> str:
    """As a console of this width prints it."""
    lines = (line.rstrip("\r") for line in text.split("\n"))
    size = columns - 1
    pieces = ([line[n : n + size] for n in range(0, len(line), size)] or [""] for line in lines)
    return "\n".join(piece for each in pieces for piece in each)


def paged(text: str, mark: str, *, wiped: bool) -> str:
    """With the pager's mark after every 20 lines."""
    lines = text.split("\n")
    wipe = f"\r{' ' * len(mark)}\r" if wiped else "\n"
    for at in range(20, len(lines), 20):
        lines[at] = f"{mark}{wipe}{lines[at]}"
    return "\n".join(lines)


def meaning(text: str) -> object:
    return as_json(facts_of(read(text.encode())))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("columns", [80, 100])
def test_lines_that_were_cut_are_put_together(name: str, columns: int) -> None:
    text = TEXTS[name] + f"\n{LONG}\n"
    assert meaning(cut(text, columns)) == meaning(text)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("mark", ["---つづく---", "---more---", "--- つづく ---", "--- more ---"])
@pytest.mark.parametrize("wiped", [True, False])
def test_the_pagers_marks_leave_nothing_behind(name: str, mark: str, wiped: bool) -> None:
    text = TEXTS[name] + f"\n{LONG}\n"
    assert meaning(paged(cut(text), mark, wiped=wiped)) == meaning(text)


@pytest.mark.parametrize("at", range(1, 80))
def test_a_key_and_a_number_are_cut_anywhere(at: int) -> None:
    head = "# main:  RTX1220 ver=00 serial=X0X000076 MAC-Address=00:00:5e:00:53:30 MAC-Address=x:y"
    lead = "description tunnel " + "x" * 30
    key = "ipsec ike pre-shared-key 1 text " + "k" * (at % 40) + "Z9"
    long = (
        "ip filter 101013 pass 203.0.113.10 192.168.100.1,192.168.100.2 udp 500,4500 500,4500,1701"
    )
    text = f"{head}\ntunnel select 1\n {lead}\n  {key}\n{' ' * 0}{long}{' ' * (at % 3)}\n"
    assert unwrapped(cut(text)) == "\n".join(line for line in text.split("\n"))


def test_a_line_that_fills_the_width_may_simply_end() -> None:
    full = "ip filter 101 pass 203.0.113.10,203.0.113.11,203.0.113.12 192.168.1.1 udp * 500"
    assert len(full) == 79
    text = f"{full}\nip filter 102 pass * * esp * *\n"
    assert unwrapped(text) == text
    assert unwrapped(f"{full}0\nip filter 102 pass * * esp * *") != unwrapped(text)
    assert unwrapped(f"{full}\n0\nip filter 102 pass * * esp") == (
        f"{full}0\nip filter 102 pass * * esp"
    )


def test_the_longest_line_of_a_file_is_no_cut_line() -> None:
    long = "ip lan2 secure filter in " + " ".join(str(number) for number in range(1000, 1020))
    text = f"tunnel select 1\n {long}\n future tunnel option 3 on\nfuture option 4\n"
    assert unwrapped(text) == text
    (first, *others) = unwrapped(f"console columns 126\n {long}\n future tunnel").split("\n")
    assert (first, others) == ("console columns 126", [f" {long} future tunnel"])
    wide = f"{long} 1021 1022"
    cut = "\n".join([wide[:99], wide[99:], "ip filter 1 pass * *"])
    assert unwrapped(cut) == f"{wide}\nip filter 1 pass * *"


def test_blanks_that_wipe_a_mark_leave_the_blank_of_a_cut_line() -> None:
    lines = ["x" * 60 + " " + "y" * 18, " 4500", "ip filter 2 pass * *"]
    text = f"ip filter 1 {lines[0]}"
    cut_line = cut(text + lines[1])
    first, rest = cut_line.split("\n")
    assert unwrapped(f"{first}\n---more---{' ' * 10}{rest}\n{lines[2]}") == (
        f"{text}{lines[1]}\n{lines[2]}"
    )
    assert unwrapped(f"{first}\r\r\n---more---\r\r\n{rest}") == text + lines[1]


def test_what_is_escaped_is_no_comment() -> None:
    line = "description lan1 " + "x" * 61 + "\\#1"
    assert unwrapped(cut(line)) == line
    assert cut(line).split("\n")[1] == "#1"


def test_a_cut_before_a_blank_is_no_indentation() -> None:
    full = "ip filter 101 pass 203.0.113.10,203.0.113.11,203.0.113.12 192.168.1.1 udp * 500"
    assert unwrapped(f"{full}\n 4500") == f"{full} 4500"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp"])
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_encoding_and_line_end(codec: str, declared: bool, end: str) -> None:
    word = {"cp932": "ja.sjis", "euc_jp": "ja.euc"}.get(codec, "ja.utf8")
    lines = [
        'description lan1 "東京本社ネットワーク"',
        "tunnel select 1",
        " description tunnel 大阪",
    ]
    lines += [f"console character {word}"] * declared
    (first, second) = read(end.join(lines).encode(codec)).statements[:2]
    assert first.text == 'description lan1 "東京本社ネットワーク"'
    assert (second.context, second.text) == ("tunnel 1", "description tunnel 大阪")


def test_what_stands_around_a_capture_is_no_configuration() -> None:
    text = (
        "RTX1220 BootROM Ver. 1.00\nPassword: \nrt12# show config\n# RTX1220 Rev.15.04.03 (x)\n"
        "ip lan1 address 192.168.1.1/24\nrt12# show status tunnel 1\nTUNNEL[1]: \nrt12# exit\n"
    )
    (only,) = read(text.encode()).statements
    assert only.text == "ip lan1 address 192.168.1.1/24"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_nothing_is_refused(data: bytes) -> None:
    facts_of(read(data))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_damaged_configuration_is_read_all_the_same(name: str, data: st.DataObject) -> None:
    text = TEXTS[name].encode()
    at = data.draw(st.integers(0, len(text)))
    size = data.draw(st.integers(0, 30))
    junk = data.draw(st.binary(max_size=10))
    facts = as_json(facts_of(read(text[:at] + junk + text[at + size :])))
    assert re.search("tunnels", str(facts))
