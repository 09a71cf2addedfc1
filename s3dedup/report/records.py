"""The records of the JSON formats: a value of the model, and its fields are the names of the contract.

All of it is plain ASCII, so any stream can carry it and no key can act on a terminal; parsed, every text is again what
it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from s3dedup.model import Effect

if TYPE_CHECKING:
    from s3dedup.model import AuditReport, DuplicateGroup, ObjectVersion, Skipped


def head(report: AuditReport) -> dict[str, object]:
    """Everything but the groups and the skipped objects."""
    return {
        "tool_version": report.tool_version,
        "run": report.run,
        "totals": report.totals,
        "work": report.work,
        "notes": report.notes,
        "prices": report.prices,
        "in_doubt": report.in_doubt,
        "rollups": report.rollups,
        "past": report.past,
    }


def group_record(group: DuplicateGroup) -> dict[str, object]:
    """A group with its objects, those that stay first."""
    return {
        "id": group.id,
        "size": group.size,
        "evidence": group.evidence,
        "reclaimable_bytes": group.reclaimable_bytes,
        "monthly_usd": group.monthly_usd,
        "saved_usd": group.saved_usd,
        "early_delete_usd": group.early_delete_usd,
        "days_left": group.days_left,
        "loses_instant_access": group.loses_instant_access,
        "objects": [_object_record(item, effect) for item, effect in zip(group.objects, effects(group), strict=True)],
    }


def effects(group: DuplicateGroup) -> list[Effect | None]:
    """Of each object of a group what deleting it would do; None for what stays."""
    of_redundant = group.effects or (Effect.UNKNOWN,) * len(group.redundant)
    return [*[None] * group.kept, *of_redundant]


def _object_record(item: ObjectVersion, effect: Effect | None) -> dict[str, object]:
    return record(item) | {"keeper": effect is None, "effect": effect}


def skipped_record(skipped: Skipped) -> dict[str, object]:
    """An object that was not compared."""
    return record(skipped)


def record(value: Any) -> dict[str, object]:  # noqa: ANN401  # any dataclass
    """A value of the model by the names of its fields, in their order."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def json_text(value: object) -> str:
    """A value as JSON on one line. Money is a number with the Decimal's own digits, a time is ISO 8601 in UTC, a member
    of an enum that is no text its name.

    Raises:
        ValueError: money is NaN or infinite; unknown money is None.
    """
    if isinstance(value, Decimal):
        return _money(value)
    if isinstance(value, Enum) and not isinstance(value, str):
        return _encode(value.name.lower())
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{name}": {json_text(field)}' for name, field in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return json_text(record(value)) if is_dataclass(value) else _encode(value)


def _money(amount: Decimal) -> str:
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount of money")
    return f"{amount:f}"


def _moment(moment: datetime) -> str:
    """What the standard encoder does not know: an aware time, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_encode = JSONEncoder(ensure_ascii=True, allow_nan=False, default=_moment).encode
