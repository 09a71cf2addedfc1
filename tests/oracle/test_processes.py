"""The stores in memory are the same to an audit that works in processes of its own."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.oracle.audits import State, audit_once
from tests.oracle.corpora import Content, Corpus, Home, Item
from tests.oracle.planted import Planted
from tests.oracle.properties import check_complete, check_sound, check_totals, groups_of

HOMES = (Home("aws"), Home("elsewhere", "http://elsewhere", order="by-directory"))
ITEMS = tuple(
    Item(
        number % 2,
        f"{'a/' if number % 3 else 'a!'}{number}",
        Content(5 + number % 4, change=number % 5),
        encryption="SSE-KMS" if number % 7 else "SSE-S3",
    )
    for number in range(40)
)


@pytest.mark.usefixtures("small")
def test_an_audit_with_processes_of_its_own_finds_the_same_as_one_without(
    fresh_state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for processes in (0, 2):
        for module in ("s3dedup.audit", "s3dedup.engine.sorters"):
            monkeypatch.setattr(import_module(module), "processes_to_use", lambda processes=processes: processes)
        planted = Planted(Corpus(HOMES, ITEMS), page_keys=3)
        report = audit_once(fresh_state, planted, concurrency=4)
        check_sound(report, planted.listed())
        check_complete(report, planted.listed())
        check_totals(report, planted.listed())
        assert report.work.list_requests >= len(ITEMS) / 3
        found.append(groups_of(report))
    assert found[0] == found[1]
    assert len(found[0]) > 1
