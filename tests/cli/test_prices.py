"""`s3dedup prices`: the table in use on the screen, one's own in its place, and AWS's fetched (from this machine)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Command, misused, refused
from tests.offers import price_list, region_index, whole_offer

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = "us-east-1: AWS's public offer file of Amazon S3 for us-east-1, and aws.amazon.com/s3/pricing (2026-07)"
ELSEWHERE = "import s3dedup.store.price_list\ns3dedup.store.price_list.ROOT = {address!r}\n"


@pytest.fixture
def wide(command: Command) -> Command:
    """The command on a wide terminal, so that no sentence is folded."""
    return command.to({"COLUMNS": "200"})


def asking(command: Command, address: str, directory: Path) -> Command:
    """The command with another address in the place of AWS's."""
    directory.mkdir()
    (directory / "sitecustomize.py").write_text(ELSEWHERE.format(address=address), encoding="utf-8")
    return command.to({"PYTHONPATH": str(directory), "NO_PROXY": "127.0.0.1"})


@pytest.fixture
def online(wide: Command, tmp_path: Path) -> Iterator[Command]:
    """The command where the price list has two regions."""
    files: dict[str, bytes | int] = {
        "/region_index.json": region_index("us-east-1", "eu-west-1"),
        "/us-east-1/index.json": whole_offer().encode(),
        "/eu-west-1/index.json": whole_offer("eu-west-1", "EU-").encode(),
    }
    with price_list(files) as address:
        yield asking(wide, address, tmp_path / "online")


def test_the_prices_in_use_are_shown_with_their_source_and_date(wide: Command) -> None:
    ran = wide.run("prices")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == SHIPPED
    assert "STANDARD_IA" in ran.out
    assert list(wide.home.iterdir()) == []


def test_refreshed_prices_are_shown_and_count_from_then_on(online: Command) -> None:
    refreshing = online.run("prices", "--refresh")
    assert refreshing.said == []
    assert refreshing.log == [
        f"{region}: 8 storage classes priced, as of 2026-07-15" for region in ("eu-west-1", "us-east-1")
    ]
    for ran in (refreshing, online.run("prices")):
        assert ran.code == 0
        heads = [line for line in ran.out.splitlines() if "public offer file" in line]
        assert heads == [
            "eu-west-1: AWS's public offer file of Amazon S3 for eu-west-1 (2026-07-15)",
            "us-east-1: AWS's public offer file of Amazon S3 for us-east-1 (2026-07-15)",
        ]
    assert (online.home / ".cache" / "s3dedup" / "prices.json").is_file()


def test_one_region_can_be_refreshed_and_shown(online: Command) -> None:
    ran = online.run("prices", "--refresh", "--region", "eu-west-1")
    assert ran.code == 0
    assert "eu-west-1" in ran.out
    assert "us-east-1" not in ran.out
    assert SHIPPED in online.run("prices").out


def test_the_table_as_a_file_can_be_changed_and_used(wide: Command, tmp_path: Path) -> None:
    ran = wide.run("prices", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    mine = tmp_path / "mine.json"
    mine.write_text(ran.out.replace("us-east-1", "moon-1").replace('"0.0125"', '"0.7125"'), encoding="utf-8")
    shown = wide.run("prices", "--prices", mine, "--region", "moon-1")
    assert shown.code == 0
    assert shown.out.startswith("moon-1: ")
    assert "0.7125" in shown.out


def test_a_region_without_prices_is_told_with_what_finds_them(wide: Command) -> None:
    ran = wide.run("prices", "--region", "moon-1")
    refused(ran, 2, "no prices for region 'moon-1': --refresh reads those of AWS")


def test_a_region_that_aws_does_not_have_is_told(online: Command) -> None:
    ran = online.run("prices", "--refresh", "--region", "moon-1")
    refused(ran, 2, "no region 'moon-1': check the spelling")


def test_a_file_that_is_not_there_is_told(wide: Command) -> None:
    refused(wide.run("prices", "--prices", "none.json"), 2, "none.json cannot be read (No such file or directory)")


def test_a_wrong_file_is_told_with_the_place(wide: Command, tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    region = '{"source": "s", "date": "d", "classes": {"STANDARD": {"storage": [{"from_gb": 0, "usd": "cheap"}]}}}'
    mine.write_text(f'{{"schema": "s3dedup/prices/1", "currency": "USD", "regions": {{"moon-1": {region}}}}}')
    ran = wide.run("prices", "--prices", mine)
    refused(ran, 2, "regions.moon-1.classes.STANDARD.storage[0].usd: Invalid decimal string", "--format json")


def test_refreshing_and_a_file_of_ones_own_exclude_each_other(wide: Command) -> None:
    refused(wide.run("prices", "--refresh", "--prices", "mine.json"), 2, "pass one of them")


def test_a_format_that_there_is_not_is_told(wide: Command) -> None:
    misused(wide.run("prices", "--format", "yaml"), "'yaml' is not one of 'table', 'json'")


def test_a_price_list_that_cannot_be_reached_is_told_and_the_known_prices_stay(wide: Command, tmp_path: Path) -> None:
    offline = asking(wide, "http://127.0.0.1:9", tmp_path / "offline")
    refused(offline.run("prices", "--refresh"), 1, "price list cannot be read", "check the network")
    assert SHIPPED in offline.run("prices").out


def test_a_stdout_that_cannot_be_written_is_told(wide: Command) -> None:
    with Path(os.devnull).open() as only_to_read:
        ran = wide.run("prices", stdout=only_to_read)
    refused(ran, 1, "stdout cannot be written (Bad file descriptor)")
