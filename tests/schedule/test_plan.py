"""Who is told of what came of a run."""

from __future__ import annotations

from dataclasses import replace

from s3dedup.schedule import When, came_of
from tests.report.samples import MIB, empty_report, group, report

FOUND = report([group("a", "b", size=5 * MIB)])
NONE = replace(empty_report(), run=replace(empty_report().run, complete=True))


def test_without_a_report_the_run_failed() -> None:
    assert came_of(None, 0) == {When.ALWAYS, When.FAILED}


def test_redundant_objects_are_a_find() -> None:
    assert came_of(FOUND, None) == {When.ALWAYS, When.FOUND}


def test_nothing_redundant_is_worth_telling_only_to_whoever_always_wants_to_know() -> None:
    assert came_of(NONE, 0) == {When.ALWAYS}


def test_more_than_the_limit_is_over_it_and_as_much_is_not() -> None:
    assert came_of(FOUND, 5 * MIB - 1) == {When.ALWAYS, When.FOUND, When.OVER}
    assert came_of(FOUND, 5 * MIB) == {When.ALWAYS, When.FOUND}


def test_an_incomplete_report_is_told_beside_what_it_found() -> None:
    cut = replace(FOUND, run=replace(FOUND.run, complete=False))
    assert came_of(cut, None) == {When.ALWAYS, When.FOUND, When.INCOMPLETE}
