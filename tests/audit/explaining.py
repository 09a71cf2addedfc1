"""What the tests of `explain` share."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from s3dedup.audit import explain
from s3dedup.report.explain import render_explanation
from tests.audit.helpers import KIB, MIB, random_body

if TYPE_CHECKING:
    from s3dedup.explanation import Explanation, ObjectExplained
    from tests.audit.helpers import Auditor

SMALL = 1000
LARGE = 8 * MIB + 2 * 64 * KIB + 1
BODY = random_body(SMALL)
OPAQUE: dict[str, Any] = {"encryption": "SSE-KMS", "checksum": None}


def one(auditor: Auditor, name: str) -> ObjectExplained:
    """What is said of one object of bucket b."""
    (found,) = explain([f"s3://b/{name}"], auditor.state).objects
    return found


def text(found: Explanation) -> str:
    """An explanation in words."""
    stream = io.StringIO()
    render_explanation(found, "text", stream)
    return stream.getvalue()
