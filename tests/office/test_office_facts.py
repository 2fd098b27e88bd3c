"""Every text of the corpus is read as it is meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.office.facts import as_json, facts_of
from components.office.reading import read

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = sorted(CORPUS.glob("*.expect.json"))


def expected(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    return found


def text_of(case: Path) -> bytes:
    name: str = expected(case)["input"]["file"]
    return (CORPUS / name).read_bytes()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.split(".")[0])
def test_the_facts_of_the_corpus(case: Path) -> None:
    want = expected(case)
    config = read(text_of(case))
    facts = facts_of(config)
    assert as_json(facts) == want["facts"]
    assert (config.model or None, config.revision or None) == (
        want["device"]["model"],
        want["device"]["firmware"],
    )
