"""The JSON Schema of the JSON report, as it ships with the package."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load_schema() -> dict[str, Any]:
    """The schema of `s3dedup/report/1` (draft 2020-12), read anew: the caller may change it."""
    text = files("s3dedup.report").joinpath("report-1.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
