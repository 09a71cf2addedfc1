"""The script that prints the largest groups, run as its users run it."""

from __future__ import annotations

import csv
import io

from tests.documented import Shell

LARGEST = "python examples/python-api/largest_groups.py"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_largest_groups_come_as_csv_with_a_row_for_each_redundant_object(shell: Shell) -> None:
    run = shell.run(f"{LARGEST} s3://my-photos s3://my-archive")
    rows = rows_of(run.stdout)
    assert run.returncode == 0, run.stderr
    assert [row["reclaimable_bytes"] for row in rows] == ["400000", "400000", "200000"]
    assert {row["evidence"] for row in rows} == {"md5-etag"}
    assert all(row["keeper"] != row["redundant"] for row in rows)


def test_only_as_many_groups_are_printed_as_were_asked_for(shell: Shell) -> None:
    rows = rows_of(shell.run(f"{LARGEST} s3://my-photos s3://my-archive --top 1").stdout)
    assert [row["copies"] for row in rows] == ["3", "3"]


def test_the_script_passes_on_the_sentence_and_the_code_of_a_failure(shell: Shell) -> None:
    run = shell.run(f"{LARGEST} s3://no-such-bucket-anywhere")
    assert run.returncode == 1
    assert run.stderr.startswith("There is no bucket named 'no-such-bucket-anywhere'")
    assert "Traceback" not in run.stderr
