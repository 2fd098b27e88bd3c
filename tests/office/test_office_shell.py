from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from components.office.shell import Answer, Event, Pager, PasswordWanted, Prompt, Question, Shell

ADMINISTRATOR = Prompt("", "", administrator=True)
CONFIG = (
    "# RTX1220 Rev.15.04.03 (x)\r\n# MAC Address : 00:00:5e:00:53:01\r\n"
    "ip route default gateway pp 1\r\n"
)


def wrapped(text: str, columns: int) -> str:
    return "\r\n".join(text[i : i + columns] for i in range(0, max(len(text), 1), columns))


def test_the_prompt_is_learnt_after_a_moment_of_silence() -> None:
    shell = Shell()
    assert shell.receive("RTX1220 Rev.15.04.03\r\n  Memory 256Mbytes, 3LAN\r\n[office] > ") == []
    (event,) = shell.quiet()
    assert isinstance(event, Answer)
    assert event.prompt == Prompt("[office] ", "", administrator=False)


def test_an_answer_is_what_stands_between_echo_and_prompt() -> None:
    shell = Shell(prefix="")
    shell.sent("show status tunnel 1")
    assert shell.receive("show status tunnel 1\r\nTUNNEL[1]:\r\n  Online") == []
    assert shell.receive(".\r\n# ") == [Answer("TUNNEL[1]:\n  Online.", None, ADMINISTRATOR)]


def test_the_context_and_level_are_read_from_the_prompt() -> None:
    shell = Shell(prefix="rtx1")
    shell.sent("tunnel select 2")
    (event,) = shell.receive("tunnel select 2\r\nrtx1tunnel2# ")
    assert event == Answer("", None, Prompt("rtx1", "tunnel2", administrator=True))
    shell.sent("exit")
    (event,) = shell.receive("exit\r\nrtx1> ")
    assert event == Answer("", None, Prompt("rtx1", "", administrator=False))


def test_another_prefix_is_no_prompt() -> None:
    shell = Shell(prefix="rtx1")
    shell.sent("show x")
    assert shell.receive("show x\r\nrtx2# ") == []
    assert len(shell.receive("\r\nrtx1# ")) == 1


def test_a_refusal_is_told() -> None:
    shell = Shell(prefix="")
    shell.sent("ipsec ike group 2 modp3072")
    text = "ipsec ike group 2 modp3072\r\nエラー: パラメータのキーワードが認識できません\r\n# "
    (event,) = shell.receive(text)
    assert isinstance(event, Answer)
    assert event.error == "エラー: パラメータのキーワードが認識できません"


def test_a_comment_of_the_configuration_is_no_prompt() -> None:
    shell = Shell(prefix="")
    shell.sent("show config")
    assert shell.receive("show config\r\n# ") == []
    assert shell.receive("RTX1220 Rev.15.04.03\r\nip route default gateway pp 1\r\n# ") == []
    (event,) = shell.quiet()
    expected = "# RTX1220 Rev.15.04.03\nip route default gateway pp 1"
    assert event == Answer(expected, None, ADMINISTRATOR)


def test_silence_in_the_middle_of_a_line_is_no_prompt() -> None:
    shell = Shell(prefix="")
    shell.sent("show config")
    shell.receive("show config\r\n# RTX1220 Rev.15.04.03\r\nip route")
    assert shell.quiet() == []


def test_the_password_question() -> None:
    shell = Shell(prefix="")
    shell.sent("administrator")
    assert shell.receive("administrator\r\nPassword: ") == [PasswordWanted("Password: ")]
    shell.sent_unseen()
    assert shell.receive("\r\n# ") == [Answer("", None, ADMINISTRATOR)]


@pytest.mark.parametrize(
    "text", ["Save new configuration ? (Y/N)", "新しい設定を保存しますか? (Y/N)"]
)
def test_a_question_wants_one_key(text: str) -> None:
    shell = Shell(prefix="")
    shell.sent("exit")
    assert shell.receive(f"exit\r\n{text}") == [Question(text)]


@pytest.mark.parametrize("mark", ["---つづく---", "---more---", "--- more ---"])
def test_the_pager_is_one_event_and_leaves_no_trace(mark: str) -> None:
    shell = Shell(prefix="")
    shell.sent("show log")
    assert shell.receive(f"show log\r\none\r\ntwo\r\n{mark}") == [Pager()]
    assert shell.receive("") == []
    wiped = "\r" + " " * len(mark) + "\r"
    assert shell.receive(f"{wiped}three\r\n# ") == [Answer("one\ntwo\nthree", None, ADMINISTRATOR)]


def test_what_the_router_says_of_itself_before_the_echo_is_passed_over() -> None:
    shell = Shell(prefix="")
    shell.sent("save")
    (event,) = shell.receive(
        "2026/01/01: IP Tunnel[1] Up\r\nsave\r\nSaving ... CONFIG0 Done .\r\n# "
    )
    assert event == Answer("Saving ... CONFIG0 Done .", None, ADMINISTRATOR)


def test_a_prompt_before_the_echo_is_not_the_answer() -> None:
    shell = Shell(prefix="")
    shell.sent("ip route default gateway 198.51.100.1")
    assert shell.receive("\r\n# ") == []
    assert shell.receive("ip route default gateway 198.51.100.1\r\n# ") == [
        Answer("", None, ADMINISTRATOR)
    ]


def test_the_repr_holds_nothing_that_was_typed() -> None:
    shell = Shell(prefix="")
    shell.sent("ipsec ike pre-shared-key 2 text CANARY")
    shell.receive("ipsec ike pre-shared-key 2 text CANARY")
    assert "CANARY" not in repr(shell)


@given(
    st.sampled_from(
        ["save", "ipsec ike pre-shared-key 2 text " + "a1" * 20, "show config", "x " * 90]
    ),
    st.sampled_from(["", CONFIG, "Saving ... CONFIG0 Done .\r\n", "エラー: x\r\n"]),
    st.integers(20, 200),
    st.lists(st.integers(1, 400), max_size=12),
)
def test_however_it_is_cut_the_answer_is_the_same(
    line: str, body: str, columns: int, cuts: list[int]
) -> None:
    """Hard wraps of the echo at any width, and chunks cut anywhere."""
    assume(body != CONFIG or line == "show config")  # no other of them prints comments
    typed = line.strip()
    text = f"{wrapped(typed, columns)}\r\n{body}# "
    shell = Shell(prefix="")
    shell.sent(typed)
    edges = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    events: list[Event] = []
    for start, end in pairwise(edges):
        events += shell.receive(text[start:end])
    events = events or shell.quiet()
    assert [e.text for e in events if isinstance(e, Answer)] == [body.replace("\r\n", "\n").strip()]


@given(st.lists(st.text(alphabet="#> \r\nab-morePasswd:(Y/N)つづく", max_size=40), max_size=6))
def test_no_text_makes_it_raise(chunks: list[str]) -> None:
    shell = Shell()
    shell.sent("ab")
    for chunk in chunks:
        shell.receive(chunk)
        shell.quiet()


@pytest.mark.parametrize("columns", [20, 80, 4096])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_answers_of_lines_sent_ahead_are_told_apart(columns: int, size: int) -> None:
    shell = Shell(prefix="rtx1")
    lines = ["ip filter 1 pass * * esp", "ip filter 2 oops", "ip filter 3 pass * * esp"]
    shell.sent(lines[0])
    for line in lines[1:]:
        shell.sent_ahead(line)
    said = ["", "Error: Invalid parameter", ""]
    text = "".join(
        wrapped(f"rtx1# {line}", columns) + "\r\n" + (f"{told}\r\n" if told else "")
        for line, told in zip(lines, said, strict=True)
    )
    text = text.removeprefix("rtx1# ") + "rtx1# "
    found = [e for i in range(0, len(text), size) for e in shell.receive(text[i : i + size])]
    assert [e.error for e in found if isinstance(e, Answer)] == [None, said[1], None]


def test_a_prompt_is_no_end_while_the_echo_of_a_line_sent_ahead_is_missing() -> None:
    shell = Shell(prefix="")
    shell.sent("ip filter 1 pass * *")
    shell.sent_ahead("ip filter 2 pass * *")
    assert shell.receive("ip filter 1 pass * *\r\n# ") == []
    assert shell.receive("ip filter 9") == []
    assert shell.quiet() == []


@pytest.mark.parametrize("prefix", ["", "rtx1", None])
def test_a_prompt_drawn_twice_is_a_prompt(prefix: str | None) -> None:
    """The answer to an empty line settles what one prompt alone leaves in doubt."""
    shell = Shell(prefix=prefix)
    drawn = f"{prefix or ''}# "
    if prefix is not None:
        shell.sent("show config")
    text = "" if prefix is None else "show config\r\n"
    events = shell.receive(f"{text}{CONFIG}{drawn}")
    assert shell.doubtful == (not events)
    assert events or prefix != "rtx1"
    events = events or shell.receive(f"\r\n{drawn}")
    body = CONFIG.replace("\r\n", "\n").strip()
    assert events == [Answer(body, None, Prompt(prefix or "", "", administrator=True))]
    assert not shell.doubtful


def test_two_different_prompts_leave_it_in_doubt() -> None:
    shell = Shell()
    assert shell.receive("RTX1220 Rev.15.04.03\r\n> \r\n# ") == []
    assert shell.doubtful


def test_the_settings_of_the_console_are_no_comments() -> None:
    shell = Shell(prefix="")
    shell.sent("show config | grep console")
    text = "show config | grep console\r\nSearching ...\r\nconsole columns 132\r\n# "
    assert shell.receive(text) == [
        Answer("Searching ...\nconsole columns 132", None, ADMINISTRATOR)
    ]


def test_an_answer_is_told_once() -> None:
    shell = Shell(prefix="rtx1")
    shell.sent("ip filter 1 pass * *")
    assert len(shell.receive("ip filter 1 pass * *\r\nrtx1# ")) == 1
    assert shell.quiet() == []
    shell.sent_ahead("ip filter 2 pass * *")
    shell.sent_ahead("ip filter 3 pass * *")
    text = "ip filter 2 pass * *\r\nrtx1# ip filter 3 pass * *\r\nError: x\r\nrtx1# "
    assert [e.error for e in shell.receive(text) if isinstance(e, Answer)] == [None, "Error: x"]
    assert shell.quiet() == []


def test_passwords_in_front_of_a_long_text_need_no_silence_and_its_comments_are_no_prompt() -> None:
    shell = Shell(prefix="")
    shell.sent("show config difference 0")
    asked = shell.receive("show config difference 0\r\nLogin Password: ")
    assert asked == [PasswordWanted("Login Password: ")]
    shell.sent_unseen()
    assert shell.receive("\r\nAdministrator Password: ") == [
        PasswordWanted("Administrator Password: ")
    ]
    shell.sent_unseen()
    assert shell.receive("\r\nno ip route default\r\n# ") == []
    assert shell.receive("a comment\r\nnew password: ") == []
    assert shell.doubtful is False
