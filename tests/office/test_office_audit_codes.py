"""The table of codes: complete, used by every finding, and each code raised by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from audit_clouds import CLOUDS
from audit_lines import HEALTHY, LINES
from audit_sites import ALL
from corpus import CASES, data_of, expected

from components import cli
from components.office import audit as package
from components.office.audit import CODES, audit
from components.office.reading import read

RAISED = (
    {code for line in LINES for code in (line.code, *line.also)}
    | {code for site in ALL for code in site.said}
    | {code for cloud in CLOUDS for code in cloud.said}
    | {flag["code"] for case in CASES for flag in expected(case)["flags"]}
    # Of every text without a user and with a short key; and those below, and of a peer by name.
    | {"no-login-user", "short-key", "number-out-of-range", "remote-address-not-fixed"}
)


def test_every_code_is_raised_by_a_test() -> None:
    assert set(CODES) == RAISED


def test_a_tunnel_number_beyond_the_model() -> None:
    text = data_of(HEALTHY).decode()
    for old in ("tunnel select 1", "tunnel enable 1", "gateway tunnel 1"):
        text = text.replace(old, f"{old}01")
    assert "number-out-of-range" in {f.code for f in audit(read(text.encode()))}
    text = text.replace("# RTX1220 Rev.15.04.06", "# RTX1300 Rev.23.00.12")
    assert "number-out-of-range" not in {f.code for f in audit(read(text.encode()))}


def test_findings_are_made_from_the_table_alone() -> None:
    """`Finding` is built in one module; every other names a code of the table."""
    for file in Path(package.__file__).parent.glob("*.py"):
        if file.stem not in ("findings", "codes"):
            assert not re.search(r"\bFinding\(", file.read_text("utf-8")), file.stem


@pytest.mark.parametrize("code", CODES)
def test_a_row_is_complete(code: str) -> None:
    row = CODES[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert row.severity in ("error", "warn", "info")
    assert len(row.meaning) > 10
    assert not row.meaning.endswith(".")
    assert re.search(r"command reference|sakura-vpcrouter-api|seed article", row.source)


def test_the_table_is_printed_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", "--codes"])
    assert not ended.value.code
    shown = capsys.readouterr().out
    for code, row in CODES.items():
        assert f"{code} ({row.severity})" in shown
