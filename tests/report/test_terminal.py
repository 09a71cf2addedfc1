from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from s3dedup.model import AuditReport, DuplicateGroup, EvidenceKind, PrefixPair, RollUps, Share, Skipped, SkipReason
from s3dedup.report import render
from s3dedup.report.terminal import distinct_lines, elide
from tests.report import samples
from tests.report.test_json import Once


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """What rich asks."""
        return True


def page(report: AuditReport, width: int = 80, top: int = 20) -> str:
    stream = StringIO()
    render(report, "table", stream, width=width, top=top)
    return stream.getvalue()


def said(report: AuditReport) -> str:
    """The page as one line, so that a sentence is found wherever it was wrapped."""
    return " ".join(page(report).split())


def incomplete(groups: list[DuplicateGroup], *reasons: SkipReason) -> AuditReport:
    skipped = [Skipped("photos", f"{n}.jpg", None, reason, "It was so.") for n, reason in enumerate(reasons)]
    return samples.report(groups, skipped)


def test_the_verdict_is_the_first_line_of_a_complete_report() -> None:
    first = page(samples.complete_report()).splitlines()[0]
    assert first == "1 redundant object holds 5.0 MiB: 41.7 % of the 12.0 MiB listed."


def test_an_incomplete_report_says_so_and_why_before_anything_else() -> None:
    report = incomplete([], SkipReason.ARCHIVED, SkipReason.BUDGET, SkipReason.BUDGET)
    assert said(report).startswith("INCOMPLETE: 3 objects were not compared (2 budget, 1 archived), so there may be")


def test_one_object_that_was_not_compared_is_singular() -> None:
    assert said(incomplete([], SkipReason.ARCHIVED)).startswith("INCOMPLETE: 1 object was not compared (1 archived)")


def test_what_is_protected_stands_between_the_keeper_and_what_is_redundant() -> None:
    text = page(samples.report([replace(samples.group("a", "b", "c", "d"), kept=3)]))
    labelled = [line.split() for line in text.splitlines() if "s3://photos/" in line]
    assert labelled == [
        ["keeper", "s3://photos/a"],
        ["protected", "s3://photos/b"],
        ["s3://photos/c"],
        ["redundant", "s3://photos/d"],
    ]


def test_a_run_that_ended_early_is_incomplete_even_when_nothing_was_skipped() -> None:
    report = samples.empty_report()
    text = said(replace(report, run=replace(report.run, complete=False)))
    assert text.startswith("INCOMPLETE: the audit ended before everything was compared")
    assert "No duplicates so far." in text


def test_a_complete_report_is_not_called_incomplete() -> None:
    assert "INCOMPLETE" not in page(samples.complete_report())


def test_an_empty_result_says_no_duplicates_and_what_was_compared() -> None:
    text = said(samples.empty_report())
    assert text.startswith("No duplicates: no content is stored twice.")
    assert "Looked in s3://photos, s3://backup/2024/" in text
    assert "Listed 1,204 objects, 3.0 GiB; 14 empty objects left out" in text
    assert "Legend" not in text


def test_where_nothing_was_listed_it_does_not_claim_that_there_are_no_duplicates() -> None:
    text = said(samples.report([], objects=0, size=0))
    assert text.startswith("Nothing to compare: no objects were found.")
    assert "Read 0 B: - of the bytes listed" in text


def test_an_incomplete_search_without_finds_does_not_claim_that_there_are_no_duplicates() -> None:
    text = said(incomplete([], SkipReason.BUDGET))
    assert "No duplicates so far." in text
    assert "No duplicates:" not in text


def test_only_the_largest_groups_are_shown_and_the_rest_is_counted_with_a_way_to_see_it() -> None:
    report = samples.report([samples.group(f"{n}/a", f"{n}/b") for n in range(25)])
    text = page(report, top=3)
    assert "largest first (3 of 25)" in text
    assert "s3://photos/2/b" in text
    assert "s3://photos/3/a" not in text
    assert "+22 more groups with 110.0 MiB; --format json has them all." in text


def test_all_groups_are_shown_without_a_word_about_more_where_they_fit() -> None:
    text = page(samples.report([samples.group("a", "b")]))
    assert "more group" not in text
    assert "Duplicate groups, largest first\n" in text


@pytest.mark.parametrize(("copies", "last"), [(5, "s3://photos/4"), (6, "+2 more")])
def test_a_group_shows_a_few_objects_and_counts_the_rest(copies: int, last: str) -> None:
    lines = page(samples.report([samples.group(*map(str, range(copies)))])).splitlines()
    objects = lines[lines.index("         keeper  s3://photos/0") : lines.index("Work done") - 1]
    assert objects[1] == "      redundant  s3://photos/1"
    assert objects[-1].strip() == last


def test_a_version_is_named_under_its_key() -> None:
    objects = (samples.version("a", version_id="v1"), samples.version("a", version_id="v2"))
    group = DuplicateGroup("g", samples.MIB, EvidenceKind.DERIVED, objects)
    lines = [line.strip() for line in page(samples.report([group])).splitlines()]
    assert lines[lines.index("keeper  s3://photos/a") :][:4] == [
        "keeper  s3://photos/a",
        "version v1",
        "redundant  s3://photos/a",
        "version v2",
    ]


@pytest.mark.parametrize("reason", SkipReason)
def test_each_reason_comes_with_a_count_an_example_its_detail_and_a_remedy(reason: SkipReason) -> None:
    lines = page(incomplete([], reason, reason)).split("Not compared\n")[1].split("\n\n")[0].splitlines()
    assert lines[0].split(maxsplit=1) == [reason, "2 objects: It was so."]
    assert lines[1].strip() == "e.g. s3://photos/0.jpg"
    assert lines[2].strip()


@pytest.mark.parametrize("kind", EvidenceKind)
def test_the_legend_explains_the_evidence_that_is_on_the_page_and_no_other(kind: EvidenceKind) -> None:
    legend = page(samples.report([samples.group("a", "b", evidence=kind)])).split("Legend\n")[1]
    explained = {line.split()[0] for line in legend.splitlines()}
    assert explained & set(EvidenceKind) == {kind}


def test_unknown_money_is_a_dash_and_the_legend_says_so() -> None:
    text = said(samples.report([samples.group("a", "b")]))
    assert "Costs a month -" in text
    assert "billed as -" in text
    assert "- Unknown, which is not zero." in text
    assert "$" not in text


def test_empty_objects_are_never_counted_as_waste() -> None:
    text = said(samples.report([], objects=20, empty=14))
    assert "14 empty objects left out" in text
    assert "redundant" not in text


def test_the_work_is_shown_as_a_share_of_what_was_listed() -> None:
    text = said(samples.rich_report())
    assert "1,205 LIST, 310 HEAD, 4,212 GET; cost <$0.01" in text
    assert "Read 12.8 GiB: 0.4 % of the bytes listed" in text


def test_notes_are_shown_as_they_are() -> None:
    text = said(replace(samples.empty_report(), notes=("One [bold]note[/].", "Another\x1b.")))
    assert r"Notes - One [bold]note[/]. - Another\x1b." in text


def test_prefixes_that_repeat_others_come_with_what_they_would_save() -> None:
    text = said(samples.rich_report())
    assert "28.1 GiB $0.65 >99.9 % of s3://photos/daily/ is also in s3://photos/raw/" in text
    assert "2.3 GiB - All of s3://photos/copies/ is also in s3://photos/raw/" in text


def test_only_the_first_few_prefixes_are_shown() -> None:
    pairs = tuple(PrefixPair(f"s3://a/{n}/", "s3://b/", 1, 1, 9 - n, whole=True) for n in range(9))
    text = said(replace(samples.complete_report(), rollups=RollUps(prefix_pairs=pairs)))
    assert text.count("is also in") == 5


def test_buckets_and_classes_are_shown_where_there_are_several() -> None:
    text = said(samples.rich_report())
    assert "$0.74 photos: 39 redundant objects" in text
    assert "$0.01 GLACIER_IR: 4 redundant objects" in text


def test_a_single_bucket_and_a_single_class_say_nothing_new() -> None:
    rollups = samples.rollups()
    one = RollUps(buckets=rollups.buckets[:1], classes=rollups.classes[:1])
    assert "Where the money is" not in page(replace(samples.complete_report(), rollups=one))


def test_the_trend_the_doubt_and_the_prices_are_said() -> None:
    text = said(samples.rich_report())
    assert "Trend 6.6 GiB less than the 39.5 GiB of 2026-11-15" in text
    assert "In doubt 2 objects (900.0 MiB) could not be settled within the budget." in text
    assert "- Money at the prices of 2026-11-01 for eu-central-1, without discounts." in text


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, page(samples.rich_report(), width).splitlines())) <= width


def test_a_pipe_gets_no_escape_codes_and_a_terminal_does() -> None:
    terminal = Terminal()
    render(samples.rich_report(), "table", terminal, width=80)
    assert "\x1b" not in page(samples.rich_report())
    assert "\x1b[" in terminal.getvalue()


def test_a_stream_that_cannot_carry_unicode_gets_escapes_instead_of_an_error() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    render(samples.rich_report(), "table", stream, width=80)
    stream.flush()
    assert rb"s3://photos/\u5199\u771f/" in raw.getvalue()


def test_groups_are_read_once_and_no_further_than_the_page_shows() -> None:
    def unread() -> DuplicateGroup:
        raise AssertionError

    first = samples.group("a", "b")
    lazy = Once(10, chain([first, first], (unread() for _ in range(8))))
    report = samples.report([first] * 10)
    assert "largest first (2 of 10)" in page(replace(report, groups=lazy), top=2)


@given(st.text(st.characters(codec=None)), st.sampled_from([80, 100, 140]))
def test_any_text_from_a_bucket_is_shown_without_a_raw_control_code(text: str, width: int) -> None:
    objects = tuple(samples.version(key, version_id=text) for key in (text, f"{text}2"))
    group = DuplicateGroup(text, samples.MIB, EvidenceKind.DERIVED, objects)
    skipped = [Skipped("photos", text, text, SkipReason.ARCHIVED, text)]
    rollups = RollUps((Share(text, 1, 1, 1, 1),) * 2, (), (PrefixPair(text, text, None, 1, 1),))
    report = replace(samples.report([group], skipped, notes=(text,)), rollups=rollups, prices=text)
    shown = page(replace(report, run=replace(report.run, locations=(text,), id=text), tool_version=text), width)
    assert all(character == "\n" or character.isprintable() for character in shown)


def test_an_elided_text_keeps_its_end() -> None:
    assert elide("s3://photos/" + "x" * 99 + "/the-end.jpg", 33, 1 / 3) == "s3://photo...xxxxxxxx/the-end.jpg"


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.integers(24, 100))
def test_an_elided_text_fits_its_width_in_columns(text: str, width: int) -> None:
    assert cell_len(elide(text * 30, width, 1 / 3)) <= width


def test_texts_that_differ_only_in_the_middle_still_look_different() -> None:
    early = [f"{year}/{'x' * 100}" for year in ("aaaaaaaaaaaa/2023", "aaaaaaaaaaaa/2024")]
    middle = [f"{'x' * 100}{year}{'x' * 100}" for year in ("2023", "2024")]
    assert [len(lines) for lines in distinct_lines(early, 40)] == [1, 1]
    assert distinct_lines(early, 40)[1][0].startswith("aaaaaaaaaaaa/2024/...")
    assert ["".join(lines) for lines in distinct_lines(middle, 40)] == middle


def test_equal_keys_of_different_versions_are_not_folded() -> None:
    assert [len(lines) for lines in distinct_lines(["x" * 100] * 2, 40)] == [1, 1]
