from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import AuditReport, Effect, PrefixPair, RollUps, Share, Skipped, SkipReason
from s3dedup.report.html import data
from s3dedup.text import plain
from tests.report import samples
from tests.report.page import Page, html_of

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "<!--",
    "]]>&lt;&amp;",
    "$body ${rest} $$",
    "\u202egpj.exe",
    "lone\udc80",
    "nul\0\x1b[31m",
]


def hostile_report(text: str) -> AuditReport:
    """A report in which everything that comes from a bucket is this text."""
    found = samples.report([samples.group(text, f"{text}2")], [Skipped("b", text, text, SkipReason.ARCHIVED, text)])
    rollups = RollUps(
        (Share(text, 1, 1, 1, 1),), (Share(text, 1, 1, 1, 1),), (PrefixPair(f"s3://{text}", text, 0.5, 1, 1),)
    )
    run = replace(found.run, locations=(text,), id=text)
    return replace(found, rollups=rollups, run=run, notes=(text,), prices=text, tool_version=text)


HARMLESS = Page(html_of(hostile_report("x")))


@pytest.mark.parametrize("report", [samples.rich_report(), samples.complete_report(), samples.empty_report()])
def test_a_page_is_well_formed_ascii_that_refers_to_nothing_outside(report: AuditReport) -> None:
    html = html_of(report)
    assert html.isascii()
    page = Page(html)
    assert {"html", "head", "title", "style", "script", "h1"} <= set(page.tags)
    assert not {"link", "img", "iframe", "object", "embed", "audio", "video", "source", "base"} & set(page.tags)
    for name, attributes in page.elements:
        assert not {"src", "srcset", "action", "style", "background"} & attributes.keys(), name
        assert (attributes.get("href") or "#").startswith("#")
        assert not [key for key in attributes if key.startswith("on")]
    assert not re.search(r"url\(|@import", page.text("style"))


def test_its_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    page = Page(html_of(samples.rich_report()))
    (policy,) = (each["content"] for _, each in page.elements if each.get("http-equiv") == "Content-Security-Policy")
    script = next(text for opened, text in reversed(page.texts) if opened[-1:] == ("script",))
    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'{digest(page.text('style'))}'",
        "script-src": f"'{digest(script)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_page_says_what_the_other_formats_say() -> None:
    said = Page(html_of(samples.rich_report())).said
    for sentence in (
        "40 redundant objects hold 32.9 GiB: 1.0 % of the 3.1 TiB listed.",
        "Incomplete. 18 objects were not compared",
        "could not be settled within the budget",
        "Costs a month$0.78",
        ">99.9 % of s3://photos/daily/ is also in s3://photos/raw/ 13 objects$0.6528.1 GiB",
        "All of s3://photos/copies/ is also in s3://photos/raw/ 1 object-2.3 GiB",
        "STANDARD 36 redundant",
        "6.6 GiB less than the 39.5 GiB of 2026-11-15, which was incomplete.",
        "Largest groups (20 of 25)",
        "Restore them first, or leave their class out with --storage-class.",
        "Money at the prices of 2026-11-01",
        "41 objects in s3://backup have opaque ETags",
    ):
        assert sentence in said


def test_a_complete_report_without_roll_ups_or_past_has_no_empty_sections() -> None:
    page = Page(html_of(samples.complete_report()))
    assert [text for opened, text in page.texts if opened[-1:] == ("h2",)] == [
        "Largest groups",
        "Duplicate groups",
        "How this was found",
    ]
    assert "Incomplete" not in page.said


def test_a_report_without_duplicates_has_no_table_and_no_totals() -> None:
    page = Page(html_of(samples.empty_report()))
    assert "No duplicates: no content is stored twice." in page.said
    assert page.groups == []
    assert "table" not in page.tags
    assert "Costs a month" not in page.said


def test_the_data_hold_every_group_with_its_objects_escaped_to_be_looked_at() -> None:
    report = samples.rich_report()
    page = Page(html_of(report))
    tables = json.loads(page.data)
    for row, group in zip(page.groups, report.groups, strict=True):
        size, copies, usd, money, kind, objects, kept, effects = row
        assert (size, copies, tables["kinds"][kind]) == (group.size, len(group.objects), group.evidence)
        assert usd == (None if group.monthly_usd is None else float(group.monthly_usd))
        assert (money == "-") is (usd is None)
        assert kept == group.kept
        told = [tables["effects"][effect] for effect in effects]
        assert told == (list(group.effects) or [Effect.UNKNOWN] * len(group.redundant))
        shown = [(tables["buckets"][bucket], tables["classes"][storage], key) for bucket, storage, _, key in objects]
        assert shown == [(item.bucket, item.storage_class, plain(item.key)) for item in group.objects]


def test_a_version_is_in_the_data_where_versions_were_listed() -> None:
    group = samples.group("a", "b")
    objects = tuple(replace(item, version_id="v\n1") for item in group.objects)
    page = Page(html_of(samples.report([replace(group, objects=objects)])))
    assert [item[4] for item in page.groups[0][5]] == [r"v\x0a1"] * 2


def test_a_page_takes_so_many_groups_and_says_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "GROUPS", 3)
    page = Page(html_of(samples.report([samples.group(f"{n}/a", f"{n}/b") for n in range(4)])))
    assert len(page.groups) == 3
    assert "The largest 3 of 4 groups are on this page: 75.0 % of what is reclaimable." in page.said


def test_a_page_takes_only_so_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "OBJECTS", 4)
    page = Page(html_of(samples.report([samples.group(*map(str, range(3))) for _ in range(9)])))
    assert len(page.groups) == 2
    assert "The largest 2 of 9 groups are on this page" in page.said


def test_of_a_group_it_takes_only_so_many_objects_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "OBJECTS_OF_GROUP", 2)
    (group,) = Page(html_of(samples.report([samples.group(*map(str, range(5)))]))).groups
    assert (group[1], len(group[5])) == (5, 2)


def test_the_printed_table_has_as_many_groups_as_were_asked_for() -> None:
    said = Page(html_of(samples.rich_report(), top=3)).said
    assert "Largest groups (3 of 25)" in said
    assert "s3://photos/写真" not in said


def test_data_of_many_lines_come_back_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "LINE", 57)
    html = html_of(samples.rich_report())
    assert Page(html).groups == Page(html_of(samples.rich_report())).groups
    assert max(len(line) for line in html.partition('id="data">\n')[2].partition("</script>")[0].splitlines()) == 76


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_changes_no_element_of_the_page(text: str) -> None:
    page = Page(html_of(hostile_report(text)))
    assert [tag for tag in page.tags if tag != "wbr"] == [tag for tag in HARMLESS.tags if tag != "wbr"]
    assert page.text("style") == HARMLESS.text("style")
    assert plain(f"s3://photos/{text}2") in "".join(part for opened, part in page.texts if "code" in opened)


@given(st.text(st.characters(codec=None), min_size=1))
def test_any_text_from_a_bucket_is_shown_escaped_and_changes_no_element(text: str) -> None:
    html = html_of(hostile_report(text))
    page = Page(html)
    assert html.isascii()
    assert [tag for tag in page.tags if tag != "wbr"] == [tag for tag in HARMLESS.tags if tag != "wbr"]
    assert page.groups[0][5][0][3] == plain(text)
    assert all(character.isprintable() or character in "\n\N{NO-BREAK SPACE}" for character in page.said)


def test_the_trend_has_a_point_for_each_run_and_hollow_ones_for_those_that_were_incomplete() -> None:
    page = Page(html_of(samples.rich_report()))
    dots = [each["class"] for name, each in page.elements if name == "path" and "dot" in (each["class"] or "")]
    assert dots == ["dot", "dot", "dot hollow", "dot", "dot hollow"]
    assert "All 3 runs" in page.said


def test_a_trend_of_very_many_runs_is_a_line_without_dots() -> None:
    report = samples.rich_report()
    past = tuple(samples.past_run(report, 100 - day, 1) for day in range(100))
    page = Page(html_of(replace(report, past=past)))
    assert [each["class"] for name, each in page.elements if name == "path"] == ["area", "line"]
    assert "All 101 runs" in page.said


def test_a_trend_of_runs_at_one_time_that_found_nothing_is_drawn() -> None:
    report = samples.empty_report()
    past = tuple(samples.past_run(report, 0, 1) for _ in range(2))
    page = Page(html_of(replace(report, past=past)))
    assert "As much as the 0 B of 2026-11-22." in page.said


@pytest.mark.parametrize(
    ("amounts", "widths"),
    [
        (["3", "1.5"], ["100.00%", "50.00%"]),
        (["3", None], ["100.00%", "25.00%"]),
        (["3", "0.000001"], ["100.00%", "0.20%"]),
        (["0", "0"], ["0.00%", "0.00%"]),
    ],
)
def test_bars_are_as_long_as_the_money_where_all_of_it_is_known_and_as_the_bytes_otherwise(
    amounts: list[str | None], widths: list[str]
) -> None:
    sizes = [400, 100]
    shares = tuple(
        Share(f"b{place}", 1, 1, 1, size, None if usd is None else Decimal(usd))
        for place, (size, usd) in enumerate(zip(sizes, amounts, strict=True))
    )
    page = Page(html_of(replace(samples.complete_report(), rollups=RollUps(buckets=shares))))
    assert [each["width"] for name, each in page.elements if name == "rect" and each["class"] == "fill"] == widths
