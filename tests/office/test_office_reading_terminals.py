"""Any configuration through any terminal says the same, and comes back byte for byte."""

from __future__ import annotations

from corpus import CASES, data_of
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import cut, paged

from components.office.facts import facts_of
from components.office.facts_json import as_json
from components.office.reading import decode, read, unwrapped, write

TEXTS = [unwrapped(decode(data_of(case))).rstrip("\n") for case in CASES]
CHARACTER = {"utf-8": "ja.utf8", "cp932": "ja.sjis", "euc_jp": "ja.euc"}
SOME = "alpha beta-2 10.0.0.1 192.168.100.0/24 東京 500,4500 a=b x\\#y on KEY_abcdefghij"
WORDS = st.sampled_from(SOME.split())
NUMBERS = st.integers(1, 99999).map(str)


def line(start: str, words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(words, min_size=1, max_size=30).map(lambda each: f"{start} {' '.join(each)}")


LINES = st.one_of(
    line("description lan1", WORDS),
    line("schedule at 7 */* 12:00:00 * lua", WORDS),
    line("ip filter 77 pass", WORDS),
    line("ip route 10.99.0.0/16 gateway pp 1 filter", NUMBERS),
    line("ip lan3 secure filter in", NUMBERS),
    line("ipsec ike pre-shared-key 99 text", st.from_regex(r"[A-Za-z0-9_]{1,128}", fullmatch=True)),
)
MARKS = st.sampled_from(
    [
        "",
        "---more---\r          \r",
        "---つづく---\r            \r",
        "---more---          ",
        "---つづく---\n",
        "---more---\r\x1b[K",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), LINES), max_size=5),
    st.sampled_from(sorted(CHARACTER)),
    st.sampled_from([80, 80, 100, 132, 200]),
    MARKS,
    st.sampled_from(["rt1", "[RTX] ", "本社", "", None]),
    st.sampled_from(["\n", "\r\n", "\r\r\n"]),
)
def test_a_capture_says_what_the_router_said(
    text: str,
    more: list[tuple[float, str]],
    codec: str,
    columns: int,
    mark: str,
    prompt: str | None,
    end: str,
) -> None:
    lines = [each for each in text.split("\n") if not each.startswith("console c")]
    for where, each in more:
        lines.insert(5 + int(where * (len(lines) - 5)), each)
    lines[5:5] = [f"console character {CHARACTER[codec]}", f"console columns {columns}"]
    body = paged(cut("\n".join(lines), columns), mark)
    whole = body if prompt is None else f"{prompt}# show config\n{body}\n{prompt}# "
    data = whole.replace("\n", end).encode(codec)
    assert as_json(facts_of(read(data))) == as_json(facts_of(read("\n".join(lines).encode())))
    assert write(data, read(data)) == data
