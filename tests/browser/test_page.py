from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from s3dedup.model import AuditReport
from s3dedup.text import plain
from tests.browser.conftest import Opener
from tests.report import samples
from tests.report.test_html import HOSTILE, hostile_report

MANY = 100_000
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def many_groups() -> AuditReport:
    """As many groups as a page takes."""
    return samples.report([samples.group(f"{n:06}/a.jpg", f"{n:06}/b.jpg", size=2 * MANY - n) for n in range(MANY)])


def first_name(page: Page) -> str:
    name: str | None = page.locator("#row-0 .name").text_content()
    return name or ""


def milliseconds(page: Page, action: str) -> float:
    """How long the page does nothing else."""
    took: float = page.evaluate(
        f"() => {{ const began = performance.now(); {action}; return performance.now() - began }}"
    )
    return took


def test_a_page_opens_with_its_table_and_without_an_error(opened: Opener, pictured: Callable[[Page], None]) -> None:
    page = opened(samples.rich_report())
    assert page.locator("#status").inner_text() == "25 groups, 32.9 GiB reclaimable"
    assert page.locator(".paper").is_hidden()
    pictured(page)


def test_a_page_without_groups_has_no_table(opened: Opener) -> None:
    assert opened(samples.empty_report()).locator("#groups").is_hidden()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_and_does_nothing(opened: Opener, text: str) -> None:
    page = opened(hostile_report(text))
    page.locator("#row-0").click()
    assert plain(f"s3://photos/{text}") in page.locator("#group-objects").inner_text()


def test_a_hundred_thousand_groups_are_searched_and_sorted_in_well_under_a_second(opened: Opener) -> None:
    page = opened(many_groups())
    assert page.locator("#rows .row").count() < 60
    page.locator("#search").fill("099999/b")
    page.get_by_text("1 of 100,000 groups").wait_for()
    assert first_name(page) == "s3://photos/099999/a.jpg"
    page.locator("#search").fill("")
    page.get_by_text("100,000 groups", exact=False).wait_for()
    for column in ("name", "size", "usd"):
        assert milliseconds(page, f"document.querySelector('[data-column={column}]').click()") < 1000


def test_the_last_of_many_groups_can_be_scrolled_to(opened: Opener) -> None:
    page = opened(many_groups())
    page.locator("#grid").focus()
    page.keyboard.press("End")
    page.locator(f"#row-{MANY - 1}").wait_for()
    assert page.locator(f"#row-{MANY - 1} .name").text_content() == f"s3://photos/{MANY - 1:06}/a.jpg"


def test_a_column_sorts_one_way_and_then_the_other_and_says_so(opened: Opener) -> None:
    page = opened(samples.rich_report())
    heading = page.get_by_role("columnheader", name="Keeper")
    for direction, first in (("ascending", "s3://photos/[bold red]"), ("descending", "s3://photos/写真/")):
        heading.get_by_role("button").click()
        page.wait_for_timeout(100)
        assert heading.get_attribute("aria-sort") == direction
        assert first_name(page).startswith(first)


def test_the_table_can_be_used_by_keyboard_alone(opened: Opener) -> None:
    page = opened(samples.rich_report())
    page.keyboard.press("/")
    page.keyboard.type("web copy")
    page.get_by_text("20 of 25 groups").wait_for()
    page.locator("#grid").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.get_by_role("dialog").locator("code").all_inner_texts() == [
        "s3://photos/web/02.jpg",
        "s3://photos/web/copy of 02.jpg",
    ]
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.locator("#grid").evaluate("grid => grid === document.activeElement")


def test_a_screen_reader_is_told_how_many_rows_there_are_and_which_one_is_meant(opened: Opener) -> None:
    page = opened(samples.rich_report())
    page.locator("#grid").focus()
    page.keyboard.press("PageDown")
    active = page.locator(f"#{page.locator('#grid').get_attribute('aria-activedescendant')}")
    assert page.locator("#grid").get_attribute("aria-rowcount") == "26"
    assert active.get_attribute("aria-selected") == "true"
    assert int(active.get_attribute("aria-rowindex") or 0) > 2


def test_on_a_phone_nothing_is_wider_than_the_screen(opened: Opener, pictured: Callable[[Page], None]) -> None:
    page = opened(samples.rich_report(), **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    pictured(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_by_day_and_by_night(
    opened: Opener, pictured: Callable[[Page], None], scheme: str
) -> None:
    """At least 4.5 : 1, as WCAG 2.2 asks for text (1.4.3)."""
    page = opened(samples.rich_report(), color_scheme=scheme)
    for color in ("--ink", "--muted", "--accent"):
        for ground in ("--paper", "--card"):
            assert contrast(page, color, ground) >= 4.5, (color, ground)
    pictured(page)


def contrast(page: Page, one: str, other: str) -> float:
    """The contrast of two of the page's colours as WCAG 2.2 defines it."""
    lights = sorted(map(luminance, (variable(page, one), variable(page, other))))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def variable(page: Page, name: str) -> str:
    value: str = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('{name}').trim()")
    return value


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_is_printed_is_the_plain_table(opened: Opener, pictured: Callable[[Page], None]) -> None:
    page = opened(samples.rich_report())
    page.emulate_media(media="print")
    assert page.locator("#groups").is_hidden()
    assert page.locator(".paper tbody tr").count() == 20
    pictured(page)


def test_without_scripts_the_largest_groups_are_still_there(opened: Opener) -> None:
    page = opened(samples.rich_report(), java_script_enabled=False)
    assert page.locator(".paper").is_visible()
    assert page.locator("#groups").is_hidden()
