"""Pure: which of several equal objects stays, and what the groups add up to."""

from s3dedup.groups.changes import change_of, changes, sum_changes
from s3dedup.groups.identity import group_id
from s3dedup.groups.keepers import PROTECT, Choice, Decisions, Ordered, keeper_first
from s3dedup.groups.pairs import Weight
from s3dedup.groups.rollups import RollUp
from s3dedup.groups.rules import KeepRule, Placed, Price, Protection, no_price

__all__ = [
    "PROTECT",
    "Choice",
    "Decisions",
    "KeepRule",
    "Ordered",
    "Placed",
    "Price",
    "Protection",
    "RollUp",
    "Weight",
    "change_of",
    "changes",
    "group_id",
    "keeper_first",
    "no_price",
    "sum_changes",
]
