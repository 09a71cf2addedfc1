from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from s3dedup.model import AuditReport, PrefixPair, RollUps
from s3dedup.report import render
from tests.report import samples

HOSTILE = [
    "`close` | new cell | ![i](http://x.example/i.png)",
    "``two`` ` one",
    "@everyone <!channel> <@U123>",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) http://x.example",
    "line\n\n# heading\n- item",
    "a\\`b\\|c",
    "  two  spaces  ",
    "\u202egpj.exe",
]


def text_of(report: AuditReport, top: int = 20) -> str:
    stream = StringIO()
    render(report, "markdown", stream, top=top)
    return stream.getvalue()


def tokens_of(text: str) -> list[Token]:
    """What GitHub's Markdown makes of it."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    return [token for block in parser.parse(text) for token in (block, *(block.children or ()))]


def outside_code(text: str) -> str:
    return "".join(token.content for token in tokens_of(text) if token.type in {"text", "html_inline", "html_block"})


def hostile_report(text: str) -> AuditReport:
    found = samples.report([samples.group(text, f"{text}2"), samples.group("fine", "good")])
    pair = PrefixPair(f"s3://photos/{text}", f"s3://backup/{text}", 0.5, 3, 100)
    run = replace(found.run, locations=(f"s3://photos/{text}",))
    return replace(found, rollups=RollUps(prefix_pairs=(pair,)), run=run)


def test_the_verdict_comes_first_and_then_how_much_of_the_money_can_be_had() -> None:
    first, _, second, _, warning, *_ = text_of(samples.rich_report()).splitlines()
    assert first == "**40 redundant objects hold 32.9 GiB: 1.0 % of the 3.1 TiB listed.**"
    assert second == (
        "Of $0.78 a month, $0.40 can go today; $0.09 can go, but is billed for at most 12 days more; $0.05 needs"
        " deletes that name a version id (--versions lists them); $0.20 are replicas, which are intended; $0.04 is"
        " locked; - is not known to be free to go."
    )
    assert warning.startswith("In 1 group what stays is archived, and something redundant is not")


def test_where_savings_were_not_reckoned_the_cost_is_told() -> None:
    assert "Storing what is redundant costs $0.00 a month." not in text_of(samples.report([], usd="0"))
    found = text_of(samples.complete_report()).splitlines()
    assert found[2] == "Storing what is redundant costs <$0.01 a month.".replace("<", "&lt;")


def test_nothing_is_said_of_money_that_is_unknown() -> None:
    assert text_of(samples.report([samples.group("a", "b")])).splitlines()[0].endswith("listed.**")


def test_a_report_without_duplicates_is_two_lines() -> None:
    lines = text_of(samples.empty_report()).splitlines()
    assert lines[0] == "**No duplicates: no content is stored twice.**"
    assert len(lines) == 3


def test_an_incomplete_report_says_so_and_what_to_do() -> None:
    text = text_of(samples.rich_report())
    assert "**Incomplete:** 18 objects were not compared" in text
    assert "- 1 object, archived: Restore them first" in text


def test_it_is_short_however_many_groups_there_are() -> None:
    report = samples.report([samples.group(f"{n}/a", f"{n}/b") for n in range(300)])
    assert "### Largest groups (10 of 300)" in text_of(report)
    assert len(text_of(report).splitlines()) < 25


def test_fewer_groups_can_be_asked_for() -> None:
    assert "(2 of 25)" in text_of(samples.rich_report(), top=2)


def test_two_long_names_that_differ_in_the_middle_look_different() -> None:
    keys = [f"{'a' * 200}/{year}/{'b' * 200}" for year in (2023, 2024)]
    row = next(line for line in text_of(samples.report([samples.group(*keys)])).splitlines() if "/2023/b" in line)
    keeper, other = re.findall("`(.*?)`", row)
    assert "a/2023/b" in keeper
    assert "a/2024/b" in other


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_stays_in_its_code_span(text: str) -> None:
    shown = text_of(hostile_report(text))
    harmless = text_of(hostile_report("x"))
    kinds = [token.type for token in tokens_of(shown)]
    assert kinds == [token.type for token in tokens_of(harmless)]
    assert not {"link_open", "image", "html_inline", "html_block"} & set(kinds)
    assert outside_code(shown) == outside_code(harmless)


def test_nobody_is_called() -> None:
    assert "@" not in text_of(hostile_report("@everyone, mail a@b.example, <!here>"))
    assert "<!" not in text_of(hostile_report("<!here>"))


@given(st.text(st.characters(codec=None), min_size=1))
def test_any_name_leaves_the_shape_of_the_message_as_it_is(text: str) -> None:
    shown = tokens_of(text_of(hostile_report(text)))
    assert [token.type for token in shown] == [token.type for token in tokens_of(text_of(hostile_report("x")))]


@given(st.text(st.characters(codec=None), min_size=500, max_size=1024))
def test_a_message_is_never_too_long_for_a_comment(text: str) -> None:
    assert len(text_of(hostile_report(text))) < 65_536
