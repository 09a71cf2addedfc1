from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from s3dedup.demo.corpus import PlantedGroup, Story, corpus
from s3dedup.demo.story import WHY, explanation, introduction, outcome
from s3dedup.model import (
    AuditReport,
    DuplicateGroup,
    EvidenceKind,
    ObjectVersion,
    RunInfo,
    Totals,
    Work,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def found(planted: PlantedGroup, evidence: EvidenceKind = EvidenceKind.MD5_ETAG) -> DuplicateGroup:
    """A planted group as a report would hold it."""
    objects = [
        ObjectVersion(bucket, key, None, planted.size, f"etag of {key}", "STANDARD", NOON)
        for bucket, key in sorted(planted.places)
    ]
    return DuplicateGroup(planted.content, planted.size, evidence, tuple(objects))


def a_report(groups: list[DuplicateGroup]) -> AuditReport:
    """A finished audit that found these groups."""
    made = corpus()
    totals = Totals(len(made.objects), made.bytes, made.empty, len(groups), 0, 0, None, None)
    run = RunInfo("1", NOON, NOON, (), complete=True)
    return AuditReport("0", run, totals, Work(2, 47, 5, bytes_read=12 << 20), groups, ())


def test_a_report_of_exactly_the_planted_groups_is_as_planted() -> None:
    report = a_report([found(group) for group in corpus().groups])
    assert outcome(corpus(), report).as_planted
    assert "exactly what was planted" in "\n".join(explanation(corpus(), report))


def test_a_missed_group_is_not_as_planted_and_is_said() -> None:
    report = a_report([found(group) for group in corpus().groups[1:]])
    assert not outcome(corpus(), report).as_planted
    assert "NOT what was planted (1 groups missed, 0 too many)" in "\n".join(explanation(corpus(), report))


def test_near_twins_in_a_group_are_said_to_be_wrongly_equal() -> None:
    twins = frozenset(one.place for one in corpus().of(Story.NEAR_TWINS)[:2])
    wrong = found(replace(corpus().groups[0], places=twins))
    assert "2 were wrongly held to be equal" in "\n".join(explanation(corpus(), a_report([wrong])))


def test_the_explanation_shows_how_each_film_was_uploaded_and_why_all_are_one() -> None:
    film = next(group for group in corpus().groups if group.content == "film")
    text = "\n".join(explanation(corpus(), a_report([found(film, EvidenceKind.SHA1_RANGES)])))
    assert all(f"s3://{bucket}/{key}" in text for bucket, key in film.places)
    assert "parts of 5.0 MiB" in text
    assert "one group, 6 objects (sha1-ranges): they were read in ranges" in text


def test_the_effort_says_how_much_was_read() -> None:
    text = "\n".join(explanation(corpus(), a_report([])))
    assert "2 LIST, 47 HEAD and 5 GET requests, and 12.0 MiB read of" in text


def test_the_introduction_names_each_thing_that_was_planted() -> None:
    text = "\n".join(introduction(corpus()))
    assert all(story in text for story in Story)


def test_each_kind_of_evidence_has_its_words() -> None:
    assert WHY.keys() == set(EvidenceKind)
