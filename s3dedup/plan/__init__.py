"""A plan: which redundant objects may go, each beside the keeper that stays. Pure; acting on it is for other tools."""

from s3dedup.plan.reading import DROPPED, REDUNDANT, read_head, read_line, seal
from s3dedup.plan.rules import Obstacle, Trouble, is_locked, is_proof, obstacle, trouble
from s3dedup.plan.values import (
    AWS,
    SCHEMA,
    Checked,
    Dropped,
    DropReason,
    Entry,
    LeftOut,
    Plan,
    PlanHead,
    PlanLine,
    PlannedObject,
)

__all__ = [
    "AWS",
    "DROPPED",
    "REDUNDANT",
    "SCHEMA",
    "Checked",
    "DropReason",
    "Dropped",
    "Entry",
    "LeftOut",
    "Obstacle",
    "Plan",
    "PlanHead",
    "PlanLine",
    "PlannedObject",
    "Trouble",
    "is_locked",
    "is_proof",
    "obstacle",
    "read_head",
    "read_line",
    "seal",
    "trouble",
]
