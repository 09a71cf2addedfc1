"""Audit S3 in AWS Lambda, and put the report into a bucket. See README.md beside this file."""  # noqa: INP001  a script, not a package

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from s3dedup import AuditConfig, audit
from s3dedup.model import AuditReport
from s3dedup.report import render
from s3dedup.text import read_size


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Audit `LOCATIONS`, and say what was found and where the report is. What fails is raised: Lambda retries it."""
    found = audit(_config(os.environ))
    return {
        "complete": found.run.complete,
        "redundant_objects": found.totals.redundant_objects,
        "reclaimable_bytes": found.totals.reclaimable_bytes,
        "report": _put(found, os.environ["REPORT_BUCKET"]),
    }


def _config(settings: os._Environ[str]) -> AuditConfig:
    """The audit. Nothing but /tmp can be written to in Lambda, unless a file system is mounted for the state."""
    return AuditConfig(
        settings["LOCATIONS"].split(),
        state=Path(settings.get("STATE", "/tmp/s3dedup")),  # noqa: S108  a container of our own
        max_read=read_size(settings["MAX_READ"]) if "MAX_READ" in settings else None,
    )


def _put(report: AuditReport, bucket: str) -> str:
    """Write the report as JSON; s3dedup itself never writes to a bucket."""
    key = f"s3dedup/{datetime.now(UTC):%Y-%m-%d}-{report.run.id}.json"
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "report.json"
        with file.open("w", encoding="utf-8") as stream:
            render(report, "json", stream)
        boto3.client("s3").upload_file(str(file), bucket, key)
    return f"s3://{bucket}/{key}"
