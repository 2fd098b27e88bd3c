"""Every text of the corpus is read as it is meant."""

from __future__ import annotations

import pytest
from corpus import CASES, data_of, expected

from components.office.facts import facts_of
from components.office.facts_json import as_json
from components.office.reading import read


@pytest.mark.parametrize("case", CASES)
def test_the_facts_of_the_corpus(case: str) -> None:
    want = expected(case)
    config = read(data_of(case))
    assert as_json(facts_of(config)) == want["facts"]
    assert (config.model or None, config.revision or None) == (
        want["device"]["model"],
        want["device"]["firmware"],
    )
