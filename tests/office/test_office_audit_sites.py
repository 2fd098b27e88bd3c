"""Whole routers of other kinds than the corpus has."""

from __future__ import annotations

import pytest
from audit_sites import ALL, SITES, Site

from components.office.audit import CODES, audit
from components.office.reading import read


@pytest.mark.parametrize("site", ALL, ids=[site.file for site in ALL])
def test_what_a_senior_engineer_would_say_and_nothing_else(site: Site) -> None:
    found = audit(read((SITES / f"{site.file}.txt").read_bytes()))
    assert {each.code: each.severity for each in found} == site.said


def test_every_text_is_judged() -> None:
    assert {file.stem for file in SITES.glob("*.txt")} == {site.file for site in ALL}
    assert {code for site in ALL for code in site.said} <= CODES.keys()
